import { z } from "zod";
import { switchMeta } from "./schema/switch.ts";
import { stackSchema } from "./schema.ts";

/** A JSON Schema, as far as we look into it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  /** Keys of a mapping with free keys. */
  readonly propertyNames?: JsonSchema;
  /** Values of a mapping with free keys. */
  readonly additionalProperties?: JsonSchema | boolean;
}

/**
 * The JSON Schema of a configuration as it is written, for editors, docs and suggestions.
 * @param reused whether schemas that are used several times stand in each place, or once in `$defs`
 */
export function configurationSchema(reused: "inline" | "ref" = "inline"): JsonSchema {
  return z.toJSONSchema(stackSchema, {
    io: "input",
    unrepresentable: "any",
    reused,
    override: ({ jsonSchema }) => {
      if (!jsonSchema[switchMeta]) return;
      delete jsonSchema[switchMeta];
      const { description, default: _, ...object } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, {
        ...(description && { description }),
        anyOf: [{ enum: ["on", "off", true, false] }, object],
      });
    },
  }) as JsonSchema;
}

/** A value that Pulumi encrypted: it may stand for any text. */
const secure: JsonSchema = {
  type: "object",
  properties: {
    secure: { type: "string", description: "The encrypted value, as `pulumi config set --secret` writes it." },
  },
  required: ["secure"],
  additionalProperties: false,
};

/** A schema in which every free text may also be a `secure:` value. */
function withSecure(schema: JsonSchema): JsonSchema {
  const { type, description } = schema;
  const isText = type === "string" || (Array.isArray(type) && type.includes("string"));
  if (isText && schema.enum === undefined && schema.const === undefined) {
    return { ...(description !== undefined && { description }), anyOf: [schema, { $ref: "#/$defs/secure" }] };
  }
  const inner = (value: unknown): unknown =>
    typeof value === "object" && value !== null ? withSecure(value as JsonSchema) : value;
  const entries = Object.entries(schema).map(([keyword, value]) => {
    if (keyword === "anyOf" || keyword === "oneOf") return [keyword, (value as unknown[]).map(inner)];
    if (keyword === "items" || keyword === "additionalProperties") return [keyword, inner(value)];
    if (keyword !== "properties") return [keyword, value];
    return [keyword, Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, inner(item)]))];
  });
  return Object.fromEntries(entries) as JsonSchema;
}

/**
 * The schema of a whole Pulumi.<stack>.yaml: the same keys, each behind `skopos:`, and whatever else Pulumi or other
 * packages keep there.
 */
export function stackFileSchema(): JsonSchema {
  const { properties = {}, $schema, $defs = {} } = configurationSchema("ref");
  const reused = Object.entries($defs as Record<string, JsonSchema>).map(([name, schema]) => [
    name,
    withSecure(schema),
  ]);
  const known = Object.keys(properties);
  return {
    $schema,
    title: "Configuration of a Skopos stack",
    type: "object",
    properties: {
      config: {
        description: "Configuration of the stack; keys of Skopos start with `skopos:`.",
        type: "object",
        properties: Object.fromEntries(known.map((key) => [`skopos:${key}`, withSecure(properties[key] ?? {})])),
        patternProperties: { [`^skopos:(?!(${known.join("|")})$)`]: false },
      },
    },
    // With an environment of Pulumi ESC, there may be no other configuration.
    anyOf: [{ required: ["config"] }, { required: ["environment"] }],
    $defs: { ...Object.fromEntries(reused), secure },
  };
}

let inlined: JsonSchema | undefined;

/** What may stand at a path of the configuration: several schemas where there are alternatives on the way. */
export function schemasAt(path: readonly PropertyKey[]): readonly JsonSchema[] {
  inlined ??= configurationSchema();
  let level: readonly JsonSchema[] = [inlined];
  for (const key of path) {
    level = level
      .flatMap(alternatives)
      .flatMap(({ items, properties, additionalProperties }): readonly JsonSchema[] => {
        const free = typeof additionalProperties === "object" ? additionalProperties : undefined;
        const found = typeof key === "number" ? items : (properties?.[String(key)] ?? free);
        return found ? [found] : [];
      });
  }
  return level;
}

/** The keys that may stand at a path of the configuration. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const keys = schemasAt(path)
    .flatMap(alternatives)
    .flatMap(({ properties = {}, propertyNames }) => [
      ...Object.keys(properties),
      ...(propertyNames?.enum ?? []).map(String),
    ]);
  return [...new Set(keys)];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
}
