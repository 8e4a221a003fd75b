import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedFiles } from "./generated.ts";
import { configurationSchema, type JsonSchema } from "./json-schema.ts";
import { sharedKeys } from "./schema/options.ts";

test.each(generatedFiles())("$path is what `npm run generate` writes", ({ path, text }) => {
  expect(readFileSync(path, "utf8")).toBe(text);
});

/** Places of a schema that a reader meets, each with its description: keys, items of lists, and values of mappings. */
function* described(schema: JsonSchema, path: string): Generator<readonly [place: string, description: unknown]> {
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  for (const [key, value] of Object.entries(properties)) {
    yield [`${path}.${key}`, value.description];
    yield* described(value, `${path}.${key}`);
  }
  if (items) {
    yield [`${path}[]`, items.description];
    yield* described(items, `${path}[]`);
  }
  if (typeof additionalProperties === "object") yield* described(additionalProperties, `${path}.*`);
  for (const option of [...anyOf, ...oneOf]) yield* described(option, path);
}

/** Options that all workloads share are documented once, without the component. */
const option = new RegExp(
  `^skopos[.:](?:defaults|components\\.[^.]+(?:\\.workloads\\.[^.]+)?)\\.(?=(?:${[...sharedKeys].join("|")})\\b)`,
);

test("every key of a stack file has a description, and so have the items of every list", () => {
  const places = [...described(configurationSchema(), "skopos")];
  expect(places.length).toBeGreaterThan(150);
  expect(places.map(([place]) => place)).toContain("skopos.alerts.receivers[].severities[]");
  const undescribed = places.filter(([, text]) => typeof text !== "string" || text.trim() === "");
  expect([...new Set(undescribed.map(([place]) => place.replace(option, "")))]).toEqual([]);
});

test("the configuration page lists every key, those of list items included", () => {
  const page = generatedFiles().find(({ path }) => path === "docs/configuration.md")!.text;
  const keys = [...described(configurationSchema(), "skopos")].map(([place]) => place.replace(".", ":"));
  const listed = (key: string): boolean => page.includes(`\`${key}\``);
  expect(keys.filter((key) => !/\[\]$|\.\*/.test(key) && !listed(key) && !listed(key.replace(option, "")))).toEqual([]);
});
