import { Document, isMap, isSeq, type YAMLMap } from "yaml";
import type { z } from "zod";
import { bare, shapeOf } from "./environment.ts";
import { type CompleteConfig, configSchema } from "./schema.ts";

/** Stands for the value of a header that may be a secret. */
const REDACTED = "(redacted)";

/** Names of headers whose values are printed: what authenticates has all kinds of names. */
const harmless: ReadonlySet<string> = new Set(["user-agent", "x-scope-orgid", "x-tenant"]);

/** Whether headers were printed, and read again. */
export const hasRedacted = (headers: Readonly<Record<string, string>>): boolean =>
  Object.values(headers).includes(REDACTED);

/** The complete configuration as YAML that can be read again, with a comment for each setting. Values of headers are left out. */
export function printConfig(config: CompleteConfig): string {
  const endpoints = config.export.endpoints.map((endpoint) => ({ ...endpoint, headers: redacted(endpoint.headers) }));
  const document = new Document({ ...config, export: { ...config.export, endpoints } });
  describe(document.contents, configSchema);
  return document.toString({ lineWidth: 140 });
}

const redacted = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, harmless.has(name.toLowerCase()) ? value : REDACTED]),
  );

/** Puts what the schema says of a setting before or behind it. */
function describe(node: unknown, schema: z.core.$ZodType): void {
  const shape = shapeOf(schema);
  if (isSeq(node)) {
    const { element } = bare(schema)._zod.def as { element?: z.core.$ZodType };
    for (const item of element ? node.items : []) describe(item, element!);
  }
  if (!shape || !isMap(node)) return;
  const unset = Object.entries(shape).filter(([name]) => !node.has(name));
  if (unset.length > 0 && node.items.length > 0)
    node.comment = unset.map(([name, inner]) => ` ${name} is not set: ${(inner as z.ZodType).description}`).join("\n");
  for (const { key, value } of (node as YAMLMap<{ value: string; commentBefore?: string }>).items) {
    const inner = shape[key.value];
    if (!inner) continue;
    const text = (inner as z.ZodType).description;
    if (text) key.commentBefore = ` ${text}`;
    describe(value, inner);
  }
}
