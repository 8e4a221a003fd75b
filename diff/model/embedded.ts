import { parseAllDocuments } from "yaml";
import { type ParsedBlock, type ParsedValue, parseAlloy } from "../../lib/alloy/index.ts";
import { isFields } from "./object.ts";

/** A format in which a document is embedded as text. */
export type Format = "yaml" | "json" | "ini" | "alloy";

/** Longest text that is read as a document: the API server stores no larger object. */
const longest = 3_000_000;

/** The format of two versions of a text, by the name of its field and by what it looks like; undefined for plain text. */
export function embeddedFormat(field: string, ...versions: readonly string[]): Format | undefined {
  if (versions.some((text) => text.length > longest)) return undefined;
  const ending = /\.(\w+)$/.exec(field)?.[1];
  if (ending === "json") return "json";
  if (ending === "yaml" || ending === "yml") return "yaml";
  if (ending === "ini" || ending === "toml") return "ini";
  if (ending === "alloy") return "alloy";
  if (versions.every((text) => /^\s*[[{]/.test(text) && /[\]}]\s*$/.test(text))) return "json";
  if (versions.every((text) => /^(?:[\w.-]+:(?:\s|$)|- |---)/m.test(text) && text.includes("\n"))) return "yaml";
  return undefined;
}

/** A document as plain values, or undefined where the text is not of its format. */
export function parseEmbedded(format: Format, text: string): unknown {
  try {
    return readers[format](text);
  } catch {
    return undefined;
  }
}

const readers: Readonly<Record<Format, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text),
  yaml: (text) => {
    const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true });
    if (documents.some(({ errors }) => errors.length > 0)) return undefined;
    const values = documents.map((document) => document.toJS({ maxAliasCount: 1000 }) as unknown);
    const value = values.length === 1 ? values[0] : values;
    return typeof value === "object" && value !== null ? value : undefined;
  },
  ini: readIni,
  alloy: (text) => alloyBlocks(parseAlloy(text)),
};

/** Alloy blocks as fields: `loki.write "default"` is unique in a file; blocks without a label may repeat and become a list. */
function alloyBlocks(blocks: readonly ParsedBlock[]): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown[]> = {};
  for (const { name, label, attributes, blocks: inner } of blocks) {
    const key = label === undefined ? name : `${name} "${label}"`;
    const fields = {
      ...Object.fromEntries(attributes.map(([field, value]) => [field, alloyValue(value)])),
      ...alloyBlocks(inner),
    };
    found[key] = [...(found[key] ?? []), fields];
  }
  return Object.fromEntries(Object.entries(found).map(([key, all]) => [key, all.length === 1 ? all[0] : all]));
}

/** A value as plain data; references and calls as the expression they are. */
function alloyValue(value: ParsedValue): unknown {
  switch (value.kind) {
    case "null":
      return null;
    case "list":
      return value.items.map(alloyValue);
    case "map":
      return Object.fromEntries(value.entries.map(([key, item]) => [key, alloyValue(item)]));
    case "reference":
      return `= ${value.path}`;
    case "call":
      return { [`${value.function}()`]: value.args.map(alloyValue) };
    case "sum":
      return { joined: value.parts.map(alloyValue) };
    default:
      return value.value;
  }
}

/** Sections and keys of an INI file as Grafana reads it; a key before the first section stands at the top. */
function readIni(text: string): unknown {
  const root: Record<string, unknown> = {};
  let section = root;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || /^[;#]/.test(line)) continue;
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = isFields(root[header]) ? (root[header] as Record<string, unknown>) : {};
      root[header] = section;
      continue;
    }
    const equals = line.indexOf("=");
    if (equals < 0) return undefined;
    section[line.slice(0, equals).trim()] = line.slice(equals + 1).trim();
  }
  return root;
}
