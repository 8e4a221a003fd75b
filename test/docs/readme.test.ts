// Claims of the README that no code block shows.
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  retentionProfiles,
  retentions,
  scales,
  workloads,
} from "../../lib/sizing/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { planStack } from "../../stacks/plan.ts";
import { resolve } from "../../stacks/resolve.ts";
import { renderStack } from "../../stacks/stack.ts";
import { readPage } from "./markdown.ts";

const readme = readPage("README.md");

/** The rows of a table, by its first column's title: cells without backticks. */
function table(title: string): string[][] {
  const [, body = ""] = new RegExp(`^\\| ${title} \\|.*\\n\\|[-|]+\\|\\n((?:\\|.*\\n)+)`, "m").exec(readme) ?? [];
  return body
    .trim()
    .split("\n")
    .map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

test("the scale profiles are those of the table", () => {
  expect(table("scale")).toEqual(
    scales.map((scale) => {
      const { nodes, pods, activeSeries, logBytesPerDay, spansPerSecond } = workloads[scale];
      const counts = [nodes, pods, activeSeries].map(formatCount);
      return [scale, ...counts, formatBytes(logBytesPerDay), formatCount(spansPerSecond)];
    }),
  );
});

test("the retention profiles are those of the table", () => {
  const shown = (seconds: number) => (seconds === 0 ? "-" : formatDuration(seconds));
  expect(table("retention")).toEqual(
    retentions.map((name) => {
      const { prometheus, mimir, aggregates, loki, traces, archive } = retentionProfiles[name];
      return [name, ...[prometheus, mimir, aggregates, loki, traces, archive].map(shown)];
    }),
  );
});

describe("prod at another scale", () => {
  const { raw } = readStackFile("stacks", "prod");
  const workloadsAt = (scale: string) =>
    planStack(renderStack(resolve({ ...raw, scale }, { stack: "prod" }))).workloads;

  test("is written down as medium", () => expect(raw.scale).toBe("medium"));

  test.each(["mimir", "loki"])("%s is one StatefulSet at small and separate services at medium", (component) => {
    const own = (scale: string) => workloadsAt(scale).filter((workload) => workload.component === component);
    expect(own("small").map(({ kind, name }) => `${kind} ${name}`)).toEqual([`StatefulSet ${component}`]);
    expect(own("medium").length).toBeGreaterThan(5);
  });

  test("Prometheus is a single replica at small and a pair at medium", () => {
    const replicas = (scale: string) =>
      workloadsAt(scale).find(({ name }) => name === "prometheus-kube-prometheus")?.replicas;
    expect([replicas("small"), replicas("medium")]).toEqual([1, 2]);
  });
});

test.each([
  ["dev", 1],
  ["staging", 20],
  ["prod", 100],
])("%s is a stack for %d nodes", (stack, nodes) => {
  expect(resolve(readStackFile("stacks", stack).raw, { stack }).workload.nodes).toBe(nodes);
  expect(readme).toMatch(/dev runs on one node, staging on 20 and prod on 100/);
});
