import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ComponentChart, rules } from "../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";
import { retentionProfiles } from "../../lib/sizing/index.ts";
import { unrecorded } from "../../test/catalogues/harvest.ts";
import { type MimirContainer, mimirContainers, startMimir, writeConfigMap } from "../../test/data-plane/mimir.ts";
import { type RunningProgram, ready } from "../../test/data-plane/process.ts";
import { remoteWrite } from "../../test/data-plane/remote-write.ts";
import { askedSeries } from "../../test/support/charts.ts";
import { devWorkload } from "../../test/support/mimir.ts";
import { aggregateGroups, longTermTenant, MimirChart, MimirRulesChart } from "./index.ts";
import { rulesConfigMap } from "./pod.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-mimir-"));
afterAll(() => rmSync(folder, { recursive: true }));

const alertmanager = { scheme: "http", host: "alertmanager-operated.observability.svc", port: 9093 } as const;

/** Metrics that appear with a tenant's first block in the bucket, hours after a start. */
const onlyWithBlocks = new Set([
  "cortex_bucket_blocks_count",
  "cortex_bucket_index_last_successful_update_timestamp_seconds",
]);

/** A component that brings rules along: one recording, one alert, one aggregate. */
class RulesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(app: App, groups: readonly RuleGroup[]) {
    super(app, "shop", "shop", { namespace: "shop", evaluator: "mimir" });
    rules(this, "shop", groups);
  }
}

const groups = (threshold: number): RuleGroup[] => [
  {
    name: "shop",
    interval: "1s",
    rules: [
      { record: "shop:orders:sum", expr: "sum(shop_orders)" },
      {
        alert: "ShopOrdersHigh",
        expr: `shop_orders > ${threshold}`,
        severity: "warning",
        summary: "Many orders.",
        description: "{{ $value }} orders.",
      },
    ],
  },
  {
    name: "shop.aggregates",
    interval: "1s",
    tenant: longTermTenant,
    rules: [{ record: "cluster:shop_orders:sum", expr: "sum by (cluster) (shop_orders)" }],
  },
  { name: "shop.local", local: true, rules: [{ record: "shop:local:sum", expr: "sum(shop_orders)" }] },
];

describe("a single process with the rendered configuration and rules", () => {
  const host = "127.0.31.1";
  const home = join(folder, "home");
  const rulesFolder = join(home, "etc/rules");
  const app = new App();
  const shared = { namespace: "observability", evaluator: "mimir" } as const;
  const chart = new MimirChart(app, "mimir", {
    ...shared,
    workload: devWorkload,
    retention: retentionProfiles.extended,
    haClusterLabel: "prometheus_shard",
    alertmanager,
  });
  const { push, query } = chart.endpoints;
  const alerts: { labels: Record<string, string> }[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    alerts.push(...JSON.parse(Buffer.concat(chunks).toString()));
    response.end();
  });
  const at = (path: string) => `http://${host}:${query.port}${path}`;
  let mimir: RunningProgram;

  const writeRules = (threshold: number) => {
    const charts = [chart, new RulesChart(new App(), groups(threshold))];
    const rendered = new MimirRulesChart(new App(), "mimir-rules", { ...shared, mimir: chart, charts });
    for (const tenant of chart.ruleTenants) {
      writeConfigMap(rendered, rulesConfigMap(chart, tenant), join(rulesFolder, tenant));
    }
  };

  const write = (labels: Record<string, string>, value: number) =>
    remoteWrite(at(push.path ?? ""), [{ labels, samples: [[Date.now(), value]] }], push.headers);

  const ruleNames = async (): Promise<string[]> => {
    const response = await fetch(at("/prometheus/api/v1/rules"), { headers: query.headers ?? {} });
    const { data } = (await response.json()) as { data: { groups: { rules: { name: string }[] }[] } };
    return data.groups.flatMap((group) => group.rules.map(({ name }) => name));
  };

  const ask = async (promql: string, tenant = "anonymous"): Promise<{ metric: object; value: [number, string] }[]> => {
    const response = await fetch(`${at(query.path ?? "")}/api/v1/query?query=${encodeURIComponent(promql)}`, {
      headers: { "X-Scope-OrgID": tenant },
      signal: AbortSignal.timeout(5000),
    });
    const answer = (await response.json()) as { data: { result: { metric: object; value: [number, string] }[] } };
    return answer.data.result;
  };

  beforeAll(async () => {
    await new Promise<void>((listening) => receiver.listen(alertmanager.port, host, listening));
    writeRules(100);
    const [container] = mimirContainers(chart);
    // Rules are evaluated at the present: the minute that the ruler waits for late samples would only be waited for here.
    const flags = ["-ruler.evaluation-delay-duration=0"];
    mimir = startMimir(chart, container as MimirContainer, { host, folder: home }, { flags });
    await ready(mimir, at("/ready"));
  });
  afterAll(async () => {
    await mimir?.stop();
    receiver.close();
  });

  test("stores the samples of an HA pair once, without the labels of the pair", async () => {
    const labels = { __name__: "shop_orders", cluster: "c1", prometheus_shard: "c1/0", shop: "a" };
    expect(await write({ ...labels, __replica__: "prometheus-0" }, 7)).toMatchObject({ status: 200 });
    expect(await write({ ...labels, __replica__: "prometheus-1" }, 9)).toMatchObject({ status: 202 });
    await expect
      .poll(() => ask("shop_orders"))
      .toMatchObject([
        { metric: { __name__: "shop_orders", cluster: "c1", shop: "a" }, value: [expect.anything(), "7"] },
      ]);
    expect(Object.keys((await ask("shop_orders"))[0]?.metric ?? {}).sort()).toEqual(["__name__", "cluster", "shop"]);
  });

  test("takes a pair's samples once also when the first series has a `cluster` of its own", async () => {
    const labels = { __name__: "kafka_lag", cluster: "kafka-1", prometheus_shard: "c1/0" };
    expect(await write({ ...labels, __replica__: "prometheus-0" }, 1)).toMatchObject({ status: 200 });
    expect(await write({ ...labels, __replica__: "prometheus-1" }, 2)).toMatchObject({ status: 202 });
    await expect
      .poll(() => ask("kafka_lag"))
      .toMatchObject([{ metric: { cluster: "kafka-1" }, value: [expect.anything(), "1"] }]);
  });

  test("queues the parts of all panels of a dashboard", async () => {
    const end = Math.floor(Date.now() / 1000);
    const month = `start=${end - 30 * 86_400}&end=${end}&step=3600`;
    const panels = Array.from({ length: 20 }, (_, panel) => {
      const asked = encodeURIComponent(`sum(rate(shop_orders{panel!="${panel}"}[1h]))`);
      return fetch(`${at(query.path ?? "")}/api/v1/query_range?query=${asked}&${month}`, {
        headers: query.headers ?? {},
      });
    });
    expect((await Promise.all(panels)).map(({ status }) => status)).toEqual(panels.map(() => 200));
  });

  test("refuses a query that would take more than a quarter of its memory", async () => {
    const began = Date.now() - 9 * 3_600_000;
    const series = Array.from({ length: 4_000 }, (_, index) => ({
      labels: { __name__: "wide", index: `${index}` },
      samples: [[began, 1]] as [number, number][],
    }));
    const headers = { "X-Scope-OrgID": "wide" };
    expect(await remoteWrite(at(push.path ?? ""), series, headers)).toMatchObject({ status: 200 });
    const range = `start=${began / 1000}&end=${began / 1000 + 8 * 3600}&step=3`;
    const asked = encodeURIComponent("last_over_time(wide[8h])");
    const response = await fetch(`${at(query.path ?? "")}/api/v1/query_range?query=${asked}&${range}`, {
      headers,
    });
    expect([response.status, await response.text()]).toEqual([
      422,
      expect.stringContaining("err-mimir-max-estimated-memory-consumption-per-query"),
    ]);
  });

  test("rejects a request without a tenant", async () => {
    const response = await fetch(`${at(query.path ?? "")}/api/v1/query?query=up`);
    expect(response.status).toBe(401);
  });

  test("evaluates the rules of the ConfigMaps for their tenants, but not those of Prometheus", async () => {
    await expect
      .poll(() => ask("shop:orders:sum"), { timeout: 30_000 })
      .toMatchObject([
        { metric: { __name__: "shop:orders:sum", cluster: "kubernetes" }, value: [expect.anything(), "7"] },
      ]);
    await expect
      .poll(() => ask("cluster:shop_orders:sum", longTermTenant), { timeout: 30_000 })
      .toMatchObject([
        { metric: { __name__: "cluster:shop_orders:sum", cluster: "c1" }, value: [expect.anything(), "7"] },
      ]);
    expect(await ask("cluster:shop_orders:sum")).toEqual([]);
    expect(await ask("shop:local:sum")).toEqual([]);
    expect(
      await ask(`sum(shop_orders) + on () sum(cluster:shop_orders:sum)`, `anonymous|${longTermTenant}`),
    ).toMatchObject([{ value: [expect.anything(), "14"] }]);
  });

  test("an aggregate by workload sums the pods of a Deployment across rollouts", async () => {
    const series = [
      ["web-6d4b75cb6d-hwd4g", "ReplicaSet", "web-6d4b75cb6d", 3],
      ["web-7f9c8b6d5-x2lkq", "ReplicaSet", "web-7f9c8b6d5", 4],
      ["report-29384756-zzzzz", "Job", "report-29384756", 5],
      ["db-0", "StatefulSet", "db", 6],
    ] as const;
    for (const [pod, owner_kind, owner_name, value] of series) {
      const labels = { cluster: "c1", namespace: "shop", pod };
      const owner = { ...labels, owner_kind, owner_name, owner_is_controller: "true" };
      await write({ __name__: "kube_pod_owner", ...owner }, 1);
      await write({ __name__: "container_memory_working_set_bytes", ...labels, container: "main", image: "i" }, value);
    }
    const rule = aggregateGroups()
      .flatMap(({ rules: all }) => all)
      .find((each) => "record" in each && each.record === "cluster_namespace_workload:memory_working_set_bytes:sum");
    const sums = (await ask(rule?.expr ?? "")).map(({ metric, value }) => [metric, value[1]]);
    const of = (workload: string, owner_kind: string) => ({ cluster: "c1", namespace: "shop", workload, owner_kind });
    expect(sums).toHaveLength(3);
    expect(sums).toContainEqual([of("web", "ReplicaSet"), "7"]);
    expect(sums).toContainEqual([of("report", "Job"), "5"]);
    expect(sums).toContainEqual([of("db", "StatefulSet"), "6"]);
  });

  test("every rule can be evaluated", async () => {
    for (const { expr } of chart.ruleGroups.flatMap(({ rules: all }) => all)) {
      expect(Array.isArray(await ask(expr))).toBe(true);
    }
  });

  test("loads changed rules without a restart", async () => {
    const firing = 'ALERTS{alertname="ShopOrdersHigh",alertstate="firing"}';
    expect(await ask(firing)).toEqual([]);
    writeRules(5);
    await write({ __name__: "shop_orders", cluster: "c1", shop: "a" }, 7);
    await expect
      .poll(() => ask(firing), { timeout: 30_000 })
      .toMatchObject([{ metric: { cluster: "c1", severity: "warning", shop: "a" } }]);
    // Sent to the one Alertmanager, with the cluster of the series.
    await expect
      .poll(() => alerts.map(({ labels }) => labels), { timeout: 30_000 })
      .toContainEqual(expect.objectContaining({ alertname: "ShopOrdersHigh", cluster: "c1", severity: "warning" }));
    const response = await fetch(at("/prometheus/api/v1/rules"), { headers: query.headers ?? {} });
    const answer = (await response.json()) as { data: { groups: { name: string; rules: { health: string }[] }[] } };
    const unhealthy = answer.data.groups.flatMap((group) => group.rules).filter(({ health }) => health === "err");
    expect(unhealthy).toEqual([]);
  });

  test("evaluates a rule of a team once, over the series of all shards and of both replicas", async () => {
    // As the Prometheus operator writes a PrometheusRule.
    const file = join(rulesFolder, chart.tenant, "shop-team-2f0e6c1a-58f4-4f5f-8a2c-52a6f1f0d6e1.yaml");
    writeFileSync(
      file,
      `groups:
- interval: 1s
  labels:
    team: shop
  limit: 10
  name: team
  query_offset: 0s
  rules:
  - expr: sum(team_orders)
    record: team:orders:sum
  - alert: TeamOrdersHigh
    expr: sum(team_orders) > 10
    for: 1s
    keep_firing_for: 1m
    labels:
      severity: warning
`,
    );
    for (const [shard, value] of [5, 6].entries())
      for (const replica of [0, 1])
        await write(
          {
            __name__: "team_orders",
            instance: `${shard}`,
            prometheus_shard: `c2/${shard}`,
            __replica__: `prometheus-${shard}-${replica}`,
          },
          value,
        );
    await expect
      .poll(() => ask("team:orders:sum"), { timeout: 30_000 })
      .toMatchObject([{ metric: { team: "shop" }, value: [expect.anything(), "11"] }]);
    await expect
      .poll(() => alerts.filter(({ labels }) => labels.alertname === "TeamOrdersHigh"), { timeout: 30_000 })
      .not.toHaveLength(0);
    rmSync(file);
    await expect.poll(async () => (await ruleNames()).includes("team:orders:sum"), { timeout: 30_000 }).toBe(false);
  });

  test("counts synchronizations that cannot read a file, while it evaluates what it read before", async () => {
    const counts = async () => {
      const metrics = await (await fetch(at("/metrics"))).text();
      const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
      return {
        synced: value('cortex_ruler_sync_rules_total\\{reason="periodic"\\}'),
        loaded: value("cortex_ruler_load_rule_groups_seconds_count"),
      };
    };
    const file = join(rulesFolder, chart.tenant, "shop-broken.yaml");
    writeFileSync(file, "groups:\n- name: broken\n  rules:\n  - record: broken\n    expr: sum(\n");
    // One that was under way may still succeed.
    const first = (await counts()).synced;
    await expect.poll(async () => (await counts()).synced, { timeout: 30_000 }).toBeGreaterThan(first + 1);
    const before = await counts();
    await expect.poll(async () => (await counts()).synced, { timeout: 30_000 }).toBeGreaterThan(before.synced + 1);
    expect((await counts()).loaded).toBe(before.loaded);
    expect(await ruleNames()).toContain("shop:orders:sum");
    rmSync(file);
    await expect.poll(async () => (await counts()).loaded, { timeout: 30_000 }).toBeGreaterThan(before.loaded);
  });

  test("exposes every metric that its alerts and dashboard query", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`label_${index}`, "x"]));
    expect(await write({ __name__: "too_many_labels", ...many }, 1)).toMatchObject({ status: 400 });
    const metrics = await (await fetch(at("/metrics"))).text();
    const own = askedSeries(chart).filter(
      (name) => /^(cortex|thanos|memberlist)_/.test(name) && !onlyWithBlocks.has(name),
    );
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((name) => !new RegExp(`^${name}[{ ]`, "m").test(metrics))).toEqual([]);
    expect(unrecorded("mimir", metrics)).toEqual([]);
  });

  test("applies the limits of the runtime file instead of the defaults", async () => {
    const metrics = await (await fetch(at("/metrics"))).text();
    const limit = (name: string) =>
      new RegExp(`^cortex_limits_defaults\\{limit_name="${name}"\\} (\\S+)$`, "m").exec(metrics)?.[1];
    expect(Number(limit("max_global_series_per_user"))).toBe(40_000);
    expect(Number(limit("ingestion_rate"))).toBe(1334);
    expect(metrics).toContain(`user="${longTermTenant}"`);
    expect(metrics).toMatch(/^cortex_runtime_config_last_reload_successful(\{.*\})? 1$/m);
    expect(mimir.output()).not.toMatch(/level=(error|warn).*(deprecat|unknown|invalid config)/i);
  });
});
