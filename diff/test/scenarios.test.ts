import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diffObjects } from "../diff.ts";
import { pathText } from "../model/compare.ts";
import { idOf, keyOf, nameOf } from "../model/object.ts";
import { diffReportSchema, diffSchemaFile, diffSchemaText, jsonReport } from "../report/json.ts";
import { riskText } from "../report/report.ts";
import { edit, prod } from "./prod.ts";
import { scenarios } from "./scenarios.ts";

describe.each(Object.entries(scenarios))("when %s", (_, { change, says, risk = {} }) => {
  const [before, after] = [prod(), prod()];
  change(after);
  const diff = diffObjects(before, after, { kubernetesVersion: "1.35", maskKey: Buffer.from("test") });

  test("the diff says what it means", () => {
    const said = diff.meaning.map(({ severity, area, text }) => `${severity} ${area} ${text}`);
    for (const expected of says)
      expect(said, `nothing matches ${expected}`).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
    const dangers = said.filter((line) => line.startsWith("danger"));
    expect(dangers.filter((line) => !says.some((expected) => expected.test(line)))).toEqual([]);
  });

  test("it names the risk of each object", () => {
    expect(Object.fromEntries(diff.changes.map((each) => [nameOf(each.id), riskText(each)]))).toMatchObject(risk);
  });

  test("it lists every object that differs, and no other", () => {
    const texts = (objects: typeof before) =>
      new Map(objects.map((object) => [keyOf(idOf(object)), JSON.stringify(object)]));
    const [left, right] = [texts(before), texts(after)];
    const keys = [...new Set([...left.keys(), ...right.keys()])];
    const listed = diff.changes.flatMap(({ id, from }) => [keyOf(id), ...(from ? [keyOf(from)] : [])]);
    expect(listed.sort()).toEqual(keys.filter((key) => left.get(key) !== right.get(key)).sort());
  });
});

test("the JSON report of all scenarios together has the shape of its schema", () => {
  const stacks = Object.values(scenarios).map(({ change }) => {
    const after = prod();
    change(after);
    return { diff: diffObjects(prod(), after) };
  });
  const report = jsonReport({ base: "a", head: "b", stacks, failed: [{ stack: "dev", side: "head", error: "no" }] });
  expect(diffReportSchema.safeParse(JSON.parse(report)).error).toBeUndefined();
});

test("the published schema is current: npm run generate", () => {
  expect(readFileSync(diffSchemaFile, "utf8")).toBe(diffSchemaText());
});

test("a changed expression of Alloy is told by its block and field", () => {
  const [before, after] = [prod(), prod()];
  edit(
    after,
    "alloy",
    "config.alloy",
    /endpoint \{\n(\s+)url += "[^"]+"/,
    'endpoint {\n$1url = "http://elsewhere:3100/loki/api/v1/push"',
  );
  const [changed] = diffObjects(before, after).changes;
  expect(changed?.fields.map(({ path }) => pathText(path))).toEqual([
    expect.stringMatching(/^data\["config\.alloy"\] » \["loki\.write .*endpoint\.url$/),
  ]);
});

test("restarts for a changed file are folded under it", () => {
  const [before, after] = [prod(), prod()];
  scenarios["only a checksum changes, since a file did"]!.change(after);
  const { changes, suppressed } = diffObjects(before, after);
  const restarted = changes.filter(({ risk }) => risk.restart);
  expect(restarted.length).toBeGreaterThan(2);
  for (const { risk } of restarted) expect(risk.causedBy).toEqual(["ConfigMap observability/loki"]);
  expect(suppressed.checksumOnly).toBe(restarted.length);
});

test("formatting is counted, not listed", () => {
  const [before, after] = [prod(), prod()];
  scenarios["a dashboard is only formatted otherwise"]!.change(after);
  const { changes, suppressed, meaning } = diffObjects(before, after);
  expect(changes.map(({ fields }) => fields)).toEqual([[]]);
  expect(suppressed.formattingOnly).toBe(1);
  expect(meaning).toEqual([]);
});
