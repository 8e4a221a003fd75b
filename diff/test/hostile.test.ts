import { expect, test } from "vitest";
import { diffObjects } from "../diff.ts";
import type { Manifest } from "../model/object.ts";
import { htmlReport } from "../report/html.ts";
import { longestComment, markdownReport } from "../report/markdown.ts";
import type { Report } from "../report/report.ts";
import { textReport } from "../report/text.ts";

const reportOf = (before: readonly Manifest[], after: readonly Manifest[]): Report => ({
  base: "base",
  head: "head",
  stacks: [{ diff: diffObjects(before, after) }],
  failed: [],
});

const configMap = (data: Record<string, string>, name = "c"): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n" },
  data,
});

const hostile = [
  "</details></code></pre><script>alert(1)</script>",
  "`` ``` ` ~~~",
  "@everyone @octocat/team",
  "[click](https://evil.example) ![x](https://evil.example/x.png)",
  "| a | b |\n|---|---|",
  "fixes #1, GH-2, https://github.com/o/r/issues/3 www.evil.example",
  "<img src=x onerror=alert(1)> <!-- skopos diff -->",
  "\u202Egnp.exe \u0000 \u001b[31m",
  "$(touch /tmp/x) ${jndi:ldap://evil}",
].join("\n");

test("nothing in the objects becomes markup, a mention or a link in the comment", () => {
  const markdown = markdownReport(
    reportOf([configMap({ [hostile]: "a" }, hostile)], [configMap({ [hostile]: hostile }, hostile)]),
  );
  // Code blocks are taken literally; everything else has to be escaped.
  const outside = markdown
    .split("\n")
    .filter((line) => !line.startsWith("    "))
    .join("\n");
  expect(outside).not.toMatch(/<(?!\/?(?:details|summary|b)>|!-- skopos diff -->)/);
  expect(outside.match(/<!-- skopos diff -->/g)).toHaveLength(1);
  expect(outside).not.toMatch(/@\w|(?<!&)#\d|GH-\d|https?:\/\/|www\.\w|\]\(|```/);
  expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length);
});

test("nothing in the objects becomes an element of the page", () => {
  const html = htmlReport(
    reportOf([configMap({ [hostile]: "a" }, hostile)], [configMap({ [hostile]: hostile }, hostile)]),
  );
  expect(html).not.toContain("<img");
  expect(html.match(/<script>/g)).toHaveLength(1);
});

test("nothing in the objects steers the terminal", () => {
  const text = textReport(
    reportOf([configMap({ [hostile]: "a" }, hostile)], [configMap({ [hostile]: hostile }, hostile)]),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
});

test("a comment keeps its length limit, and says what is cut", () => {
  const many = (version: string) =>
    Array.from({ length: 3000 }, (_, index) => configMap({ key: `<&>${version}`.repeat(20) }, `c${index}`));
  const markdown = markdownReport(reportOf(many("1"), many("2")));
  expect(markdown.length).toBeLessThanOrEqual(longestComment);
  expect(markdown).toMatch(/_\d+ more sections do not fit/);
});

test("objects nested thousands of levels deep are rejected by name", () => {
  const deep = (leaf: string) => {
    let value: unknown = leaf;
    for (let level = 0; level < 3000; level++) value = { a: value };
    return { apiVersion: "v1", kind: "Deep", metadata: { name: "d" }, spec: value } as Manifest;
  };
  expect(() => diffObjects([deep("x")], [deep("y")])).toThrow("Deep d is nested deeper than 200 levels");
});

test.each([
  ["fields that are null", { spec: null, data: null }],
  ["lists where mappings belong", { spec: [], data: [], rules: {}, metadata: { name: "x", labels: [] } }],
  [
    "numbers where texts belong",
    { data: { "a.yaml": 1 }, spec: { groups: 7, template: { spec: { containers: "none" } } } },
  ],
  ["keys named like those of every object", { data: { constructor: "a", toString: "b", hasOwnProperty: "c" } }],
  ["YAML that refers to itself", { data: { "a.yaml": "a: &a [*a]\n" } }],
  [
    "YAML that grows without end",
    {
      data: {
        "a.yaml":
          "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
      },
    },
  ],
])("%s end no diff", (_, body) => {
  for (const kind of [
    "ConfigMap",
    "Deployment",
    "PrometheusRule",
    "NetworkPolicy",
    "ClusterRole",
    "Secret",
    "Prometheus",
    "ServiceMonitor",
    "StatefulSet",
  ]) {
    const object = { apiVersion: "v1", kind, metadata: { name: "x" }, ...body } as unknown as Manifest;
    const other = {
      apiVersion: "v1",
      kind,
      metadata: { name: "x" },
      spec: { replicas: 2 },
      data: { "a.yaml": "a: 1\n" },
    } as Manifest;
    for (const [before, after] of [
      [object, other],
      [other, object],
    ] as const) {
      expect(diffObjects([before], [after]).changes).toHaveLength(1);
    }
    expect(diffObjects([], [object]).changes).toHaveLength(1);
  }
});
