import { isAlias, LineCounter, parseDocument, visit } from "yaml";
import { type ParsedBlock, parseAlloy } from "../../lib/alloy/index.ts";
import type { KubernetesObject } from "./object.ts";
import { type Fields, fields, isFields, items, type Path, text, textEntries } from "./values.ts";

/** What a document configures. */
export type Format =
  | "alertmanager"
  | "alloy"
  | "collector"
  | "dashboard"
  | "data-sources"
  | "loki"
  | "mimir"
  | "other"
  | "prometheus"
  | "rules"
  | "tempo";

/** A configuration that a Kubernetes object carries as text, or as a field of its spec. */
export interface EmbeddedDocument {
  readonly object: KubernetesObject;
  /** From the object's root to the document. */
  readonly path: Path;
  readonly format: Format;
  /** Its fields; empty for Alloy. */
  readonly value: Fields;
  /** Blocks of an Alloy configuration. */
  readonly blocks: readonly ParsedBlock[];
  readonly text: string;
  /** Why it could not be read. */
  readonly error: string | undefined;
}

/** Longest text that is read as a document: beyond it nobody wrote it by hand, and the API server takes no more. */
const longest = 3_000_000;

/** The documents of an object: values of ConfigMaps and Secrets, and configurations within specs. */
export function documentsOf(object: KubernetesObject): readonly EmbeddedDocument[] {
  const { kind, value, spec } = object;
  if (kind === "ConfigMap")
    return textEntries(value.data).flatMap(([key, each]) => documentAt(object, ["data", key], each));
  if (kind === "Secret") {
    return [
      ...textEntries(value.stringData).flatMap(([key, each]) => documentAt(object, ["stringData", key], each)),
      ...textEntries(value.data).flatMap(([key, each]) =>
        documentAt(object, ["data", key], Buffer.from(each, "base64").toString("utf8")),
      ),
    ];
  }
  if (kind === "OpenTelemetryCollector") {
    if (isFields(spec.config)) return [fromFields(object, ["spec", "config"], spec.config, "collector")];
    return text(spec.config) === undefined ? [] : documentAt(object, ["spec", "config"], spec.config as string);
  }
  if (kind === "PrometheusRule") return [fromFields(object, ["spec"], spec, "rules")];
  return [];
}

function fromFields(object: KubernetesObject, path: Path, value: Fields, format: Format): EmbeddedDocument {
  return { object, path, format, value, blocks: [], text: "", error: undefined };
}

function documentAt(object: KubernetesObject, path: Path, content: string): readonly EmbeddedDocument[] {
  const name = String(path.at(-1));
  const base = { object, path, text: content, value: {}, blocks: [], error: undefined };
  if (content.length > longest) return [];
  if (/\.(alloy|river)$/.test(name)) {
    try {
      return [{ ...base, format: "alloy", blocks: parseAlloy(content) }];
    } catch (error) {
      return [{ ...base, format: "alloy", error: messageOf(error) }];
    }
  }
  const looksStructured = /\.(ya?ml|json|conf|libsonnet)$/.test(name) || /^\s*[{[]|^[\w"'-]+:(\s|$)/m.test(content);
  if (!looksStructured || /\.(sh|py|toml|ini|lua|tmpl|txt|crt|pem|key|html|properties)$/.test(name)) return [];
  const { value, error } = parseText(content);
  if (error !== undefined) return /\.(ya?ml|json)$/.test(name) ? [{ ...base, format: "other", error }] : [];
  if (!isFields(value)) return [];
  return [{ ...base, format: formatOf(value), value }];
}

/** Reads YAML or JSON that is embedded as text. Templates, which are no YAML yet, are not read. */
function parseText(content: string): { readonly value?: unknown; readonly error?: string } {
  if (/^\s*[{[]/.test(content)) {
    try {
      return { value: JSON.parse(content) };
    } catch {
      // Flow style YAML starts like JSON.
    }
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, strict: false, uniqueKeys: true, prettyErrors: false });
  const [first] = document.errors;
  // A template that is no YAML yet is no mistake.
  if (first && /\{\{/.test(content)) return {};
  if (first) return { error: `line ${lines.linePos(first.pos[0]).line}: ${first.message}` };
  let cyclic = false;
  visit(document, {
    Alias: (_, node, path) => {
      const target = isAlias(node) ? node.resolve(document) : undefined;
      if (target !== undefined && path.includes(target as never)) cyclic = true;
    },
  });
  if (cyclic) return { error: "an anchor contains itself" };
  try {
    return { value: document.toJS({ maxAliasCount: 10_000 }) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Tells a configuration by what only it has. */
function formatOf(value: Fields): Format {
  if (isFields(fields(value.service).pipelines)) return "collector";
  if ("datasources" in value) return "data-sources";
  if (isFields(value.route) && "receivers" in value) return "alertmanager";
  if ("panels" in value && ("title" in value || "uid" in value)) return "dashboard";
  if ("scrape_configs" in value && !("server" in value && "positions" in value)) return "prometheus";
  if ("blocks_storage" in value || ("ruler_storage" in value && "limits" in value)) return "mimir";
  if ("schema_config" in value || "limits_config" in value) return "loki";
  if (isFields(fields(value.storage).trace) || isFields(fields(value.distributor).receivers)) return "tempo";
  if (items(value.groups).some(([, group]) => "rules" in group)) return "rules";
  return "other";
}
