// Aggregates evaluated by the real promtool over two shards with two replicas each: every series must count once.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireProgram } from "../../../test/data-plane/process.ts";
import { aggregateGroups } from "./aggregates.ts";

test("active series are those of all shards, and of one replica of each", () => {
  const folder = mkdtempSync(join(tmpdir(), "skopos-aggregates-"));
  const rules = aggregateGroups().flatMap((group) => group.rules);
  const rule = rules.find((each) => "record" in each && each.record === "cluster:active_series:sum");
  const pods = {
    "prometheus-p-0": 100,
    "prometheus-p-1": 99,
    "prometheus-p-shard-1-0": 60,
    "prometheus-p-shard-1-1": 61,
  };
  writeFileSync(join(folder, "rules.json"), JSON.stringify({ groups: [{ name: "aggregates", rules: [rule] }] }));
  const suite = {
    rule_files: ["rules.json"],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(pods).map(([pod, value]) => ({
          series: `prometheus_tsdb_head_series{cluster="c", namespace="observability", pod="${pod}"}`,
          values: `${value}x5`,
        })),
        promql_expr_test: [
          {
            expr: "cluster:active_series:sum",
            eval_time: "3m",
            exp_samples: [{ labels: 'cluster:active_series:sum{cluster="c"}', value: 161 }],
          },
        ],
      },
    ],
  };
  writeFileSync(join(folder, "tests.json"), JSON.stringify(suite));
  try {
    expect(
      execFileSync(requireProgram("promtool"), ["test", "rules", "tests.json"], { cwd: folder, encoding: "utf8" }),
    ).toContain("SUCCESS");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
