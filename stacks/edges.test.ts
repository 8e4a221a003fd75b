import { describe, expect, test } from "vitest";
import { configurationSchema, type JsonSchema } from "./json-schema.ts";
import { ConfigurationError } from "./problem.ts";
import { resolve } from "./resolve.ts";
import { renderStack } from "./stack.ts";

// Every key of the schema with edge values: each is either rejected with a code or rendered.

const least = {
  cluster: { name: "c", version: "1.35", networkPolicies: false, context: "c" },
  retention: "standard",
  scale: "small",
  availability: "single",
};

/** Values that a key may be set to by mistake. */
const edges: readonly unknown[] = [
  0,
  -1,
  0.5,
  1e308,
  Number.NaN,
  "",
  " ",
  "0",
  "NaN",
  "Infinity",
  "-1s",
  "1e9",
  "9".repeat(400),
  "null",
  "undefined",
  "[object Object]",
  "a b",
  "a,b=c",
  "https://g",
  null,
  true,
  [],
  {},
  [null],
  { a: null },
];

/** The paths of all keys, through alternatives and lists. */
function pathsOf(schema: JsonSchema, prefix: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const options = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return options.flatMap((option) => [
    ...Object.entries(option.properties ?? {}).flatMap(([key, value]) => {
      const path = [...prefix, key];
      return [path, ...pathsOf(value, path)];
    }),
    ...(option.items ? pathsOf(option.items, [...prefix, 0]) : []),
  ]);
}

function withValue(config: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === "number") return [withValue(undefined, rest, value)];
  const base = typeof config === "object" && config !== null && !Array.isArray(config) ? config : {};
  return { ...base, [key]: withValue((base as Record<string, unknown>)[key], rest, value) };
}

const paths = [...new Set(pathsOf(configurationSchema()).map((path) => JSON.stringify(path)))].map(
  (path) => JSON.parse(path) as (string | number)[],
);

describe("every key, set to the edges of what can be written,", () => {
  test.each(paths.map((path) => [path.join("."), path] as const))("%s is refused or rendered", (_, path) => {
    const accepted: unknown[] = [];
    for (const edge of edges) {
      try {
        const stack = resolve(withValue(least, path, edge), { stack: "s" });
        accepted.push(edge);
        // Only the first accepted value is rendered, which takes half a second.
        if (accepted.length === 1) renderStack(stack);
      } catch (error) {
        if (!(error instanceof ConfigurationError))
          throw new Error(`${JSON.stringify(edge)}: ${error}`, { cause: error });
        for (const { message, path: at } of error.problems) {
          expect(`${at} ${message}`).toMatch(/^skopos:.+ .+/);
        }
      }
    }
  });
});
