// The published JSON Schema, as an editor applies it: shipped stacks are accepted, and mistakes of structure are marked.
import { globSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parsePlace } from "../lib/formats/index.ts";
import { least, rejectedConfigs } from "../test/support/rejected-stacks.ts";
import { ConfigurationError, type Problem, type ProblemCode } from "./problem.ts";
import { resolve } from "./resolve.ts";

const schema = JSON.parse(readFileSync("stacks/schema.json", "utf8"));
const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema);

const fileOf = (config: object): unknown =>
  JSON.parse(
    JSON.stringify({
      config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`skopos:${key}`, value])),
    }),
  );

const shipped = globSync(["stacks/Pulumi.*.yaml", "examples/Pulumi.*.yaml"]).sort();

test("there are stacks and examples", () => {
  expect(shipped.length).toBeGreaterThan(8);
});

test.each(shipped)("accepts %s", (file) => {
  validate(parse(readFileSync(file, "utf8"), { merge: true }));
  expect(validate.errors).toBe(null);
});

test.each([
  ["what other packages and Pulumi keep in the file", { ...(fileOf(least) as object), secretsprovider: "default" }],
  ["an encrypted value", fileOf({ ...least, grafanaAdminPassword: { secure: "v1:abc" } })],
  ["a configuration that comes from Pulumi ESC only", { environment: ["observability"] }],
])("accepts %s", (_, file) => {
  validate(file);
  expect(validate.errors).toBe(null);
});

const notStacks = [null, [], "config", {}, { config: "on" }, { config: { "skopos:scael": "small" } }, { confg: {} }];

test.each(notStacks.map((file) => [file]))("rejects the file %j", (file) => {
  expect(validate(file)).toBe(false);
});

/** Codes of mistakes in the structure: keys, types and enumerated values. */
const structural: ReadonlySet<ProblemCode> = new Set(["SKP1001", "SKP1003", "SKP1004", "SKP1014", "SKP1015"]);

/** Mistakes of structure that the schema does not mark, with the reason. */
const unseen: Readonly<Record<string, string>> = {
  "skopos:cluster is missing": "Pulumi ESC may add top-level keys",
  "skopos:retention is missing": "Pulumi ESC may add top-level keys",
  "skopos:scale is missing": "Pulumi ESC may add top-level keys",
  "skopos:extra.rules[0].rules[1].alert is missing, and so is record": "one of two keys, which a check compares",
  "skopos:extra.scrapes[0].spec must have static targets or a discovery": "one of many lists is enough",
  "skopos:extra.scrapes[1].spec must have static targets or a discovery": "one of many lists is enough",
  "skopos:patches[0].merge is missing, and so is json": "one of two keys, which a check compares",
  "skopos:patches[1].merge is missing, and so is json": "one of two keys, which a check compares",
};

function problemsOf(config: object): readonly Problem[] {
  try {
    resolve(config, { stack: "s" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

/** Whether the schema marks the place of a problem, something in it, or what holds it. */
function isMarked({ path }: Problem): boolean {
  const [first, ...rest] = parsePlace(path.slice("skopos:".length)).map(String);
  const place = ["config", `skopos:${first}`, ...rest];
  return (validate.errors ?? []).some(({ instancePath }) => {
    const marked = instancePath
      .split("/")
      .slice(1)
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const common = place.findIndex((key, i) => key !== marked[i]);
    return common < 0 || (common === marked.length && common >= place.length - 1);
  });
}

describe("of the rejected configurations", () => {
  const missed = rejectedConfigs.flatMap((config) => {
    validate(fileOf(config));
    return problemsOf(config).filter((problem) => structural.has(problem.code) && !isMarked(problem));
  });

  test("the schema marks every mistake of structure, except for those listed", () => {
    const found = missed.map(({ path, message }) => `${path} ${message.replace(/:.*/, "")}`);
    expect([...new Set(found)].sort()).toEqual(Object.keys(unseen).sort());
  });

  test("each structural code occurs", () => {
    const codes = new Set(rejectedConfigs.flatMap((config) => problemsOf(config).map(({ code }) => code)));
    expect([...structural].filter((code) => !codes.has(code))).toEqual([]);
  });
});
