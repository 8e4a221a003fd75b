// Host metrics -> Alloy -> Prometheus in staging, which has no node-exporter of its own. Alloy cannot be built here; its
// `prometheus.exporter.unix` is node_exporter's collectors behind another path, so the real node_exporter stands in for it: with the
// rendered settings, at Alloy's path. Everything after it is the real thing: the operator's scrape configuration, Prometheus, rules.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import type { Block } from "../../lib/alloy/index.ts";
import { ruleGroup } from "../../lib/kubernetes/index.ts";
import { hostMetricsJob } from "../../lib/monitoring/host-metrics.ts";
import { loadStack } from "../../stacks/stack.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { offCluster, operatedConfig } from "../../test/data-plane/prometheus.ts";
import { hostMetrics } from "./host-metrics.ts";
import { hostMetricsPath } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-host-metrics-"));
const nodes = { "node-a": "127.0.45.1", "node-b": "127.0.45.2" } as const;
const port = 12_345;
const prometheusAt = "127.0.45.3:9090";
const stack = loadStack("stacks", "staging");
const alloy = stack.charts.find(({ component }) => component === "alloy");
const metrics = stack.charts.find(({ component }) => component === "kube-prometheus");
if (!alloy || !metrics) throw new Error("staging has Alloy and Prometheus");

/** node_exporter's flag for each argument of Alloy's exporter that has one; the mounts are the test's own root. */
const flags: Readonly<Record<string, string>> = {
  "filesystem.mount_points_exclude": "collector.filesystem.mount-points-exclude",
  "filesystem.fs_types_exclude": "collector.filesystem.fs-types-exclude",
  "netclass.ignored_devices": "collector.netclass.ignored-devices",
  "netdev.device_exclude": "collector.netdev.device-exclude",
};

/** The rendered exporter's settings as node_exporter takes them. @throws for a block's argument that has no flag here */
function exporterFlags(): string[] {
  const [exporter] = hostMetrics();
  const blocks = (exporter?.blocks ?? []) as readonly Block[];
  const inBlocks = blocks.flatMap((each) =>
    Object.entries(each.attributes).map(([name, value]) => {
      const flag = flags[`${each.name}.${name}`];
      if (!flag) throw new Error(`${each.name}.${name} has no flag`);
      return `--${flag}=${value}`;
    }),
  );
  const disabled = exporter?.attributes.disable_collectors as readonly string[];
  return [...inBlocks, ...disabled.map((name) => `--no-collector.${name}`)];
}

const running: RunningProgram[] = [];
beforeAll(async () => {
  for (const host of Object.values(nodes)) {
    const listen = [`--web.listen-address=${host}:${port}`, `--web.telemetry-path=${hostMetricsPath}`];
    const exporter = start("node_exporter", [...listen, ...exporterFlags()]);
    running.push(exporter);
    await ready(exporter, `http://${host}:${port}${hostMetricsPath}`);
  }
  const label = (name: string, value: string) => ({
    [`__meta_kubernetes_service_label_app_kubernetes_io_${name}`]: value,
    [`__meta_kubernetes_service_labelpresent_app_kubernetes_io_${name}`]: "true",
  });
  const at = {
    pod: "prometheus-0",
    shard: 0,
    job: "serviceMonitor/observability-agents/alloy-host/0",
    discovered: {
      ...label("name", "alloy"),
      ...label("instance", "alloy"),
      ...label("component", "alloy"),
      __meta_kubernetes_endpointslice_port_name: "http",
      __meta_kubernetes_namespace: "observability-agents",
      __meta_kubernetes_service_name: "alloy",
    },
  };
  const config = parse(offCluster(operatedConfig(metrics, alloy), { ...at, targets: [] }));
  // Discovery gives each target the name of its pod's node.
  config.scrape_configs[0].static_configs = Object.entries(nodes).map(([node, host]) => ({
    targets: [`${host}:${port}`],
    labels: { ...at.discovered, __meta_kubernetes_pod_node_name: node },
  }));
  delete config.remote_write;
  const groups = metrics.ruleGroups
    .filter(({ name }) => name === "node-exporter.rules")
    .map((group) => ({
      ...ruleGroup(metrics, group),
      interval: "1s",
    }));
  const rules = join(folder, "rules.yaml");
  writeFileSync(rules, JSON.stringify({ groups }));
  const file = join(folder, "prometheus.yaml");
  writeFileSync(file, JSON.stringify({ ...config, rule_files: [rules] }));
  const server = start("prometheus", [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "tsdb")}`,
    `--web.listen-address=${prometheusAt}`,
  ]);
  running.push(server);
  await ready(server, `http://${prometheusAt}/-/ready`);
});
afterAll(async () => {
  for (const each of running) await each.stop();
  rmSync(folder, { recursive: true });
});

async function ask(query: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
  const response = await fetch(`http://${prometheusAt}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result;
}

test("Prometheus has the metrics of every node, under node-exporter's job and the node's name", async () => {
  const names = async () => (await ask("node_memory_MemTotal_bytes")).map(({ metric }) => metric.instance).sort();
  await expect.poll(names, { timeout: 30_000 }).toEqual(Object.keys(nodes));
  const [memory] = await ask('node_memory_MemTotal_bytes{instance="node-a"}');
  expect(memory?.metric).toMatchObject({ job: hostMetricsJob, node: "node-a" });
  expect(Number(memory?.value[1])).toBeGreaterThan(1e8);
});

test("the rules of nodes record something for every node", async () => {
  const recorded = metrics.ruleGroups
    .filter(({ name }) => name === "node-exporter.rules")
    .flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : [])))
    .filter((name) => name.startsWith("instance:"));
  expect(recorded.length).toBeGreaterThan(3);
  for (const name of recorded) {
    await expect
      .poll(async () => new Set((await ask(name)).map(({ metric }) => metric.instance)).size, {
        timeout: 60_000,
        message: name,
      })
      .toBe(2);
  }
});
