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
  /** Values of a mapping with free keys. */
  readonly additionalProperties?: JsonSchema | boolean;
}

/** The JSON Schema of a configuration as it is written, for editors, docs and suggestions. */
export function configurationSchema(): JsonSchema {
  return z.toJSONSchema(stackSchema, {
    io: "input",
    unrepresentable: "any",
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

/**
 * The schema of a whole Pulumi.<stack>.yaml: the same keys, each behind `skopos:`, and whatever else Pulumi or other
 * packages keep there.
 */
export function stackFileSchema(): JsonSchema {
  const { properties = {}, $schema } = configurationSchema();
  const prefixed = Object.entries(properties).map(([key, value]) => [`skopos:${key}`, value]);
  return {
    $schema,
    title: "Configuration of a Skopos stack",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(prefixed),
        patternProperties: { "^skopos:": false },
      },
    },
    required: ["config"],
  };
}

/** The keys that may stand at a path of the configuration. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let level: readonly JsonSchema[] = [configurationSchema()];
  for (const key of path) {
    level = level
      .flatMap(alternatives)
      .flatMap((schema) => (typeof key === "number" ? [schema.items] : [schema.properties?.[String(key)]]))
      .filter((schema) => schema !== undefined);
  }
  return [...new Set(level.flatMap(alternatives).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
}
