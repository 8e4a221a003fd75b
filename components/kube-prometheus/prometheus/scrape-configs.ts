import {
  formatPlace,
  hostPort,
  httpUrl,
  isKnownLater,
  looksSecret,
  type Port,
  parseHostPort,
  portOf,
} from "../../../lib/formats/index.ts";
import {
  anywhere,
  type ComponentChart,
  type Manifest,
  monitorLabels,
  type Pods,
  schemaError,
} from "../../../lib/kubernetes/index.ts";
import {
  alreadyExists,
  type Finding,
  rejectedObject,
  removeItem,
  wrongFormat,
  wrongLength,
} from "../../../lib/sizing/index.ts";

/** Targets beside those of the monitors: outside of the cluster, or found by a service discovery. */
export interface AdditionalScrape {
  /** Name of the ScrapeConfig. */
  readonly name: string;
  /**
   * What is scraped, and how.
   * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.ScrapeConfigSpec
   */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Ports that network policies admit beside those of static targets and of URLs: those of discovered targets. @default none */
  readonly ports?: readonly number[];
}

const manifestOf = (chart: string, { name, spec }: AdditionalScrape): Manifest & { spec: object } => ({
  apiVersion: "monitoring.coreos.com/v1alpha1",
  kind: "ScrapeConfig",
  metadata: { name: `${chart}-${name}` },
  spec,
});

/** Keys with URLs or addresses that Prometheus connects to. */
const addressKey = /^(url|proxyUrl|tokenUrl|identityEndpoint|server|host|apiServer|endpoint)$/;

/** Keys whose values are URLs. Those of `server` and `host` may be addresses without a scheme. */
const urlKey = /^(url|proxyUrl|tokenUrl|identityEndpoint)$/;

/** Discoveries that ask the API of a cloud, at a host that depends on the region. */
const cloudDiscovery = /^(azure|digitalOcean|ec2|gce|hetzner|ionos|lightSail|linode|ovhcloud|scaleway)SDConfigs$/;

/** Ports of proxies and daemons whose URLs name none. */
const otherPorts: Readonly<Record<string, number>> = { socks5: 1080, tcp: 2375 };

/** The texts in a spec, with their keys and places. */
function textsIn(value: unknown, path: readonly PropertyKey[] = []): readonly (readonly [string, string, string])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]));
  if (value !== null && typeof value === "object")
    return Object.entries(value).flatMap(([key, item]) => (key === "labels" ? [] : textsIn(item, [...path, key])));
  const key = path.findLast((each) => typeof each === "string");
  return typeof value === "string" ? [[String(key), value, formatPlace(["spec", ...path])]] : [];
}

function portOfAddress(text: string): Port | undefined {
  const [, scheme = "", authority = ""] = /^(socks5|tcp):\/\/(?:[^/@]*@)?([^/?#]*)/i.exec(text) ?? [];
  if (scheme !== "") return portOf(authority, otherPorts[scheme.toLowerCase()] ?? 443);
  return isKnownLater(text) || (URL.canParse(text) && /^https?:/.test(text)) || parseHostPort(text)
    ? portOf(text, 443)
    : undefined;
}

/** Ports that a scrape connects to. */
function portsOf({ spec, ports = [] }: AdditionalScrape): readonly Port[] {
  const otherwise = String(spec.scheme ?? "http").toLowerCase() === "https" ? 443 : 80;
  const found = textsIn(spec).map(([key, text]) => {
    if (key === "targets") return portOf(text, otherwise);
    return addressKey.test(key) ? portOfAddress(text) : undefined;
  });
  const clouds = Object.keys(spec).some((key) => cloudDiscovery.test(key)) ? [443] : [];
  return [...new Set([...ports, ...found.filter((port) => port !== undefined), ...clouds])];
}

/** A text as it may be shown. */
const shown = (text: string): string =>
  looksSecret([], text) || text.includes("@") || text.includes("?")
    ? "a value that may be secret"
    : JSON.stringify(text);

/** The host and port that a target was meant to be. */
function meantTarget(text: string): string {
  const meant = URL.canParse(text) && text.includes("://") ? new URL(text).host : text.replace(/:\d*$/, ":9100");
  return hostPort.mistake(meant) === undefined ? meant : "vm.example.com:9100";
}

/** Finds targets and URLs that Prometheus rejects, and with them its whole configuration. */
function validateAddresses(at: string, spec: AdditionalScrape["spec"]): readonly Finding[] {
  // The targets of a prober are URLs: its own address replaces them.
  const probes = textsIn(spec.relabelings).some(([key, text]) => key === "targetLabel" && text === "__address__");
  return textsIn(spec).flatMap(([key, text, place]): readonly Finding[] => {
    if (isKnownLater(text)) return [];
    if (key === "targets") {
      const mistake = probes ? undefined : hostPort.mistake(text);
      return mistake === undefined
        ? []
        : [wrongFormat(`${at}.${place}`, shown(text), hostPort.name, mistake, JSON.stringify(meantTarget(text)))];
    }
    if (!urlKey.test(key)) return [];
    const http = key === "proxyUrl" ? text.replace(/^socks5:/, "http:") : text;
    const mistake = httpUrl.mistake(http.replace(/\?[^#]*$/, ""));
    return mistake === undefined
      ? []
      : [wrongFormat(`${at}.${place}`, shown(text), httpUrl.name, mistake, "https://inventory.example.com")];
  });
}

const hasTargets = (spec: AdditionalScrape["spec"]): boolean =>
  Object.entries(spec).some(
    ([key, value]) => /^(staticConfigs|\w+SDConfigs)$/.test(key) && (value as object[]).length > 0,
  );

/** Finds scrapes that the API server or Prometheus rejects, or that scrape nothing. */
export function validateScrapes(scrapes: readonly AdditionalScrape[]): readonly Finding[] {
  return scrapes.flatMap((scrape, index): readonly Finding[] => {
    const at = `additionalScrapes[${index}]`;
    const error = schemaError(manifestOf("metrics", scrape));
    const found: Finding[] =
      error === undefined
        ? [...validateAddresses(at, scrape.spec)]
        : [rejectedObject(`${at}.spec`, `ScrapeConfig ${scrape.name}`, error)];
    if (error === undefined && !hasTargets(scrape.spec))
      found.push(
        wrongLength(
          `${at}.spec`,
          "static targets or a discovery",
          '{staticConfigs: [{targets: ["vm.example.com:9100"]}]}',
        ),
      );
    if (scrapes.findIndex(({ name }) => name === scrape.name) < index)
      found.push(alreadyExists(at, `scrape ${scrape.name}`, removeItem(index)));
    return found;
  });
}

/** Adds the ScrapeConfigs, with connections to their targets, wherever they are. */
export function addScrapes(chart: ComponentChart, prometheus: Pods, scrapes: readonly AdditionalScrape[]): void {
  for (const scrape of scrapes) {
    const { metadata, ...manifest } = manifestOf(chart.name, scrape);
    chart.add({ ...manifest, metadata: chart.metadata(metadata.name, "prometheus", monitorLabels(chart)) });
    const ports = portsOf(scrape);
    if (ports.length > 0) chart.connects(prometheus, anywhere, ports, `scrape: ${scrape.name}`);
  }
}
