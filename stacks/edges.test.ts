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

type Path = readonly (string | number)[];

/** The paths of all keys with their schemas, through alternatives and lists. */
function keysOf(schema: JsonSchema, prefix: Path = []): (readonly [path: string, schema: JsonSchema])[] {
  const options = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return options.flatMap((option) => [
    ...Object.entries(option.properties ?? {}).flatMap(([key, value]) => {
      const path = [...prefix, key];
      return [[JSON.stringify(path), value] as const, ...keysOf(value, path)];
    }),
    ...(option.items ? keysOf(option.items, [...prefix, 0]) : []),
  ]);
}

function withValue(config: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === "number") return [withValue(undefined, rest, value)];
  const base = typeof config === "object" && config !== null && !Array.isArray(config) ? config : {};
  return { ...base, [key]: withValue((base as Record<string, unknown>)[key], rest, value) };
}

/** Keys by name and schema: `resources` of one component has the schema of every other's. */
const alike = Map.groupBy(new Map(keysOf(configurationSchema())), ([path, schema]) =>
  JSON.stringify([(JSON.parse(path) as Path).at(-1), schema]),
);

/** How many keys share the edges between them, beside the first one of a schema, which gets all. */
const sharing = 5;

const cases = [...alike.values()].flatMap((keys) =>
  keys.map(([path], index) => {
    const own = index === 0 ? edges : edges.filter((_, edge) => edge % sharing === index % sharing);
    return [(JSON.parse(path) as Path).join("."), JSON.parse(path) as Path, own] as const;
  }),
);

describe("every key, set to the edges of what can be written,", () => {
  test.each(cases)("%s is refused or rendered", (_, path, own) => {
    const accepted: unknown[] = [];
    for (const edge of own) {
      try {
        const stack = resolve(withValue(least, path, edge), { stack: "s" });
        accepted.push(edge);
        // Only the first accepted value is rendered, which takes a tenth of a second.
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
