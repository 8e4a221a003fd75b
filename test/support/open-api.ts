// Objects against the OpenAPI document of a Kubernetes version: unknown fields, missing fields and wrong types.
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import type { OpenApi, OpenApiSchema } from "../binaries/openapi.ts";

/** Finds what an object has that a Kubernetes version does not know, one line each: `spec.replicas: not an integer`. */
export function openApiChecker({ definitions }: OpenApi): (object: KubernetesObject) => readonly string[] {
  const byKind = new Map(
    Object.values(definitions).flatMap((schema) =>
      (schema["x-kubernetes-group-version-kind"] ?? []).map(
        ({ group, version, kind }) => [`${group ? `${group}/` : ""}${version} ${kind}`, schema] as const,
      ),
    ),
  );

  function* findings(value: unknown, schema: OpenApiSchema, place: string): Generator<string> {
    if (schema.$ref) {
      const name = schema.$ref.slice("#/definitions/".length);
      // A quantity may be a number, and JSON in CRDs anything.
      if (/\.(Quantity|JSON|JSONSchemaProps\w*|RawExtension|FieldsV1)$/.test(name)) return;
      return yield* findings(value, definitions[name] as OpenApiSchema, place);
    }
    if (schema.format === "int-or-string") {
      if (typeof value !== "string" && !Number.isInteger(value)) yield `${place}: neither an integer nor text`;
    } else if (schema.type === "array") {
      if (!Array.isArray(value)) return yield `${place}: not a list`;
      for (const [index, item] of value.entries()) yield* findings(item, schema.items ?? {}, `${place}[${index}]`);
    } else if (schema.properties || schema.type === "object") {
      if (value === null || typeof value !== "object" || Array.isArray(value)) return yield `${place}: not an object`;
      const { properties = {}, additionalProperties, required = [] } = schema;
      for (const name of required) if (!(name in value)) yield `${place}.${name}: missing`;
      for (const [name, item] of Object.entries(value)) {
        const own = properties[name] ?? additionalProperties;
        if (own) yield* findings(item, own, `${place}.${name}`);
        else if (schema.properties) yield `${place}.${name}: unknown`;
      }
    } else if (schema.type === "integer") {
      if (!Number.isInteger(value)) yield `${place}: not an integer`;
    } else if (schema.type && typeof value !== schema.type) yield `${place}: not a ${schema.type}`;
  }

  return (object) => {
    const { apiVersion, kind } = object;
    const schema = byKind.get(`${apiVersion} ${kind}`);
    return schema ? [...findings(object, schema, kind)] : [`${apiVersion} ${kind}: this version has no such kind`];
  };
}
