import { ESCAPINGS, type Escaping } from "./names.ts";

export type FormatName = "text" | "openmetrics" | "protobuf";

/** What a scrape is answered with. */
export interface Format {
  readonly name: FormatName;
  readonly escaping: Escaping;
  readonly contentType: string;
}

/** What can be served, and what a client must ask for to get it. Earlier ones win between equal q-values. */
const OFFERS: readonly { name: FormatName; type: string; requires: Readonly<Record<string, readonly string[]>> }[] = [
  {
    name: "protobuf",
    type: "application/vnd.google.protobuf",
    requires: { proto: ["io.prometheus.client.MetricFamily"], encoding: ["delimited"] },
  },
  { name: "openmetrics", type: "application/openmetrics-text", requires: { version: ["1.0.0", "0.0.1"] } },
  { name: "text", type: "text/plain", requires: { version: ["0.0.4", "1.0.0"] } },
];

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
}

/** Splits at `separator`, but not within quotes. */
function split(text: string, separator: "," | ";"): string[] {
  const parts = text.match(separator === "," ? /(?:"(?:\\.|[^"\\])*"|[^,"]|")+/g : /(?:"(?:\\.|[^"\\])*"|[^;"]|")+/g);
  return (parts ?? []).map((part) => part.trim()).filter((part) => part !== "");
}

function parseRange(text: string): MediaRange {
  const [type = "", ...rest] = split(text, ";");
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const value = part.slice(equals + 1).trim();
    parameters.set(
      part.slice(0, equals).trim().toLowerCase(),
      value.replace(/^"(.*)"$/s, "$1").replace(/\\(.)/gs, "$1"),
    );
  }
  return { type: type.toLowerCase(), parameters, q: quality(parameters.get("q")) };
}

/** RFC 9110, 12.4.2: from 0 to 1 with at most three decimals; whatever else counts as refused. */
function quality(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/** Whether a parameter that matters was asked for with a value that is not served. One left out matches. */
const mismatches = (
  parameters: ReadonlyMap<string, string>,
  requires: Readonly<Record<string, readonly string[]>>,
): boolean =>
  Object.entries(requires).some(([key, values]) => parameters.has(key) && !values.includes(parameters.get(key)!));

/**
 * Chooses a format by the Accept header (RFC 9110, 12.5.1). Prometheus lists what it prefers; whoever accepts nothing of this,
 * or sends nothing, gets the text format, as from every other exporter.
 */
export function negotiate(accept: string | undefined): Format {
  let best: { format: Format; q: number; order: number } | undefined;
  for (const range of split(accept ?? "", ",").map(parseRange)) {
    if (range.q === 0) continue;
    const order = OFFERS.findIndex((offer) => offer.type === range.type);
    if (order >= 0) {
      const offer = OFFERS[order]!;
      if (mismatches(range.parameters, offer.requires)) continue;
      if (best === undefined || range.q > best.q || (range.q === best.q && order < best.order)) {
        best = { format: formatFor(offer.name, range.parameters), q: range.q, order };
      }
    } else if ((range.type === "*/*" || range.type === "text/*") && (best === undefined || range.q > best.q)) {
      best = { format: formatFor("text", new Map()), q: range.q, order: OFFERS.length };
    }
  }
  return best?.format ?? formatFor("text", new Map());
}

/** A format with a client's parameters. @param parameters of the media range: `version`, `escaping` */
export function formatFor(name: FormatName, parameters: ReadonlyMap<string, string> = new Map()): Format {
  const asked = ESCAPINGS.find((escaping) => escaping === parameters.get("escaping")) ?? "underscores";
  const version = parameters.get("version");
  switch (name) {
    case "protobuf": {
      const type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
      return { name, escaping: asked, contentType: `${type}; escaping=${asked}` };
    }
    case "openmetrics":
      return {
        name,
        escaping: asked,
        contentType: `application/openmetrics-text; version=${version ?? "1.0.0"}; charset=utf-8; escaping=${asked}`,
      };
    default: {
      // 0.0.4 cannot quote names: whoever wants them as they are asks for 1.0.0.
      const escaping = version === "1.0.0" || asked !== "allow-utf-8" ? asked : "underscores";
      return {
        name,
        escaping,
        contentType: `text/plain; version=${version ?? "0.0.4"}; charset=utf-8; escaping=${escaping}`,
      };
    }
  }
}

/** Whether the Accept-Encoding header takes gzip, rather than only tolerating it with q=0. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  let any = false;
  for (const range of split(acceptEncoding ?? "", ",").map(parseRange)) {
    if (range.type === "gzip" || range.type === "x-gzip") return range.q > 0;
    if (range.type === "*") any = range.q > 0;
  }
  return any;
}
