// Objects against the definitions that the cluster really gets: stricter and truer than types published for them.
import { z } from "zod";
import { generatedCrds } from "../../components/kube-prometheus/operator/crds.ts";

/** A structural schema, as far as it is looked at here. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Go's `(?i)` in the middle of a pattern is nothing to JavaScript: each letter becomes both of its cases. */
function javaScriptPattern(pattern: string): string {
  if (!pattern.includes("(?i)")) return pattern;
  return pattern.replace("(?i)", "").replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** The definition as JSON Schema, in which a field that it does not know is an error: the API server would drop it. */
function strict(schema: Schema): object {
  if (schema["x-kubernetes-int-or-string"]) return { anyOf: [{ type: "integer" }, { type: "string" }] };
  const { properties, items, additionalProperties, nullable, pattern, ...rest } = schema;
  const closed = properties !== undefined && !schema["x-kubernetes-preserve-unknown-fields"];
  const own = {
    ...rest,
    ...(pattern && { pattern: javaScriptPattern(pattern) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)])),
    }),
    ...(items && { items: strict(items) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: strict(additionalProperties) }),
    ...(closed && { additionalProperties: false }),
  };
  return nullable ? { anyOf: [own, { type: "null" }] } : own;
}

/** What an object's metadata holds; definitions leave it to the API server. */
const metadata: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const schemas = new Map<string, z.ZodType>();

/** The schema of a kind of the Prometheus operator, or undefined for any other. */
export function operatorSchema(apiVersion: string, kind: string): z.ZodType | undefined {
  if (!apiVersion.startsWith("monitoring.coreos.com/")) return undefined;
  const key = `${apiVersion}/${kind}`;
  const known = schemas.get(key);
  if (known) return known;
  for (const { spec } of generatedCrds().definitions as unknown as readonly Definition[]) {
    for (const { name, schema } of spec.versions) {
      if (spec.names.kind !== kind || `${spec.group}/${name}` !== apiVersion) continue;
      const root = schema.openAPIV3Schema;
      const made = z.fromJSONSchema(strict({ ...root, properties: { ...root.properties, metadata } }) as never);
      schemas.set(key, made);
      return made;
    }
  }
  return undefined;
}
