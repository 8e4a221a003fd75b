import { describe, expect, test } from "vitest";
import { checkObjects } from "../engine/check.ts";
import { KubernetesObject } from "../engine/object.ts";
import type { Waiver } from "../engine/settings.ts";
import { unknown } from "../engine/unknown.ts";
import { readManifest } from "../load/yaml.ts";
import { rules } from "../rules/index.ts";
import { formatReport, githubReport, jsonReport, junitReport, reportSchema, sarifReport, textReport } from "./index.ts";

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: "a<b>&\\"c"
  namespace: shop
spec:
  hostNetwork: true
  hostPID: true
  containers:
    - name: main
      image: x:1
`;
const waiver: Waiver = {
  rule: "pods/host-pid",
  object: 'Pod/shop/a<b>&"c',
  owner: "shop",
  reason: "It is only a test.",
  expires: "2027-01-01",
};
const objects = [
  ...readManifest(pod, "dir/a file,1.yaml").objects,
  new KubernetesObject({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "b" },
    spec: { hostNetwork: unknown, containers: [] },
  }),
];
const chosen = rules.filter(({ id }) =>
  ["pods/host-network", "pods/host-pid", "pods/image-digest", "pods/memory-limit"].includes(id),
);
const report = checkObjects(objects, { rules: chosen, waivers: [waiver], today: "2026-11-30" });

test("JSON follows its schema, with files and lines", () => {
  const json = JSON.parse(JSON.stringify(jsonReport(report)));
  expect(reportSchema.safeParse(json).error?.issues).toBeUndefined();
  expect(json.summary).toEqual({
    objects: 2,
    rules: 4,
    errors: 2,
    warnings: 0,
    infos: 1,
    undecided: 1,
    crashed: 0,
    waived: 1,
  });
  expect(json.findings.find(({ rule }: { rule: string }) => rule === "pods/host-network")).toMatchObject({
    file: "dir/a file,1.yaml",
    line: 7,
    path: "spec.hostNetwork",
  });
});

test("text groups findings by rule with their fix, waivers and totals", () => {
  const text = textReport(report);
  expect(text).toContain("error pods/host-network");
  expect(text).toContain('Pod/shop/a<b>&"c spec.hostNetwork (dir/a file,1.yaml:7)');
  expect(text).toContain("It is only a test. (shop, until 2027-01-01)");
  expect(text).toContain("2 objects against 4 rules: 2 errors, 0 warnings, 1 info, 1 undecided, 1 waived");
});

/** What SARIF 2.1.0 demands of the parts that are written. Source: sarif-schema-2.1.0.json */
function sarifProblems(sarif: unknown): readonly string[] {
  const problems: string[] = [];
  const { version, runs } = sarif as { version: string; runs: readonly Record<string, never>[] };
  if (version !== "2.1.0") problems.push("version");
  for (const run of runs as never as readonly {
    tool: { driver: { name: string; rules: { id: string }[] } };
    results: Record<string, never>[];
  }[]) {
    if (!run.tool.driver.name) problems.push("tool.driver.name");
    const ids = run.tool.driver.rules.map(({ id }) => id);
    if (new Set(ids).size !== ids.length) problems.push("rules are not unique");
    for (const result of run.results as never as readonly {
      ruleId: string;
      ruleIndex: number;
      level: string;
      kind: string;
      message: { text: string };
      locations: { physicalLocation?: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
    }[]) {
      if (ids[result.ruleIndex] !== result.ruleId) problems.push("ruleIndex");
      if (!["none", "note", "warning", "error"].includes(result.level)) problems.push("level");
      // 3.27.10: a result whose kind is not "fail" has the level "none".
      if (result.kind !== "fail" && result.level !== "none") problems.push("level of a result that is no failure");
      if (!result.message.text) problems.push("message");
      for (const { physicalLocation } of result.locations) {
        if (!physicalLocation) continue;
        if (!URL.canParse(physicalLocation.artifactLocation.uri, "file:///")) problems.push("uri");
        if (physicalLocation.artifactLocation.uri.includes(" ")) problems.push("uri is not encoded");
        if (physicalLocation.region.startLine < 1) problems.push("startLine");
      }
    }
  }
  return problems;
}

test("SARIF has what code scanning needs, waived findings as suppressed results", () => {
  const sarif = sarifReport(report, rules) as { runs: { results: { suppressions?: object[] }[] }[] };
  expect(sarifProblems(JSON.parse(JSON.stringify(sarif)))).toEqual([]);
  expect(sarif.runs[0]?.results.filter(({ suppressions }) => suppressions)).toHaveLength(1);
  expect(sarif.runs[0]?.results).toHaveLength(5);
});

test("JUnit is well-formed XML whose counts agree with its cases", () => {
  const xml = junitReport(report, chosen);
  const count = (pattern: RegExp) => [...xml.matchAll(pattern)].length;
  expect(xml).toContain("a&lt;b&gt;&amp;&quot;c");
  expect(count(/<failure /g)).toBe(2);
  expect(xml).toContain('failures="2"');
  expect(count(/<skipped /g)).toBe(1);
  // Every tag that is opened is closed, and nothing stands between that is not escaped.
  const open: string[] = [];
  for (const [, close, name, , self] of xml.matchAll(/<(\/?)([a-z-]+)((?:\s[a-z]+="[^"<]*")*)(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!self) open.push(name as string);
  }
  expect(open).toEqual([]);
  expect(xml.replaceAll(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
});

test("GitHub annotations are one line each, with what would end them escaped", () => {
  const lines = githubReport(report).split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines)
    expect(line).toMatch(/^::(error|warning|notice) (file=[^,:]+,line=\d+,)?title=pods\/[a-z-]+::.+$/);
  expect(lines[0]).toContain("file=dir/a file%2C1.yaml");
});

describe("every format", () => {
  test.each(["text", "json", "sarif", "junit", "github"] as const)("%s can write an empty report", (format) => {
    const empty = checkObjects([], { rules });
    expect(typeof formatReport(empty, format, rules)).toBe("string");
  });
});
