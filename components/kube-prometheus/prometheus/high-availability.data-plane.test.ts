import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { retentionProfiles, workloads } from "../../../lib/sizing/index.ts";
import { type MimirContainer, mimirContainers, startMimir } from "../../../test/data-plane/mimir.ts";
import { type RunningProgram, ready, requireProgram, start } from "../../../test/data-plane/process.ts";
import { offCluster, operatedConfig } from "../../../test/data-plane/prometheus.ts";
import { MimirChart } from "../../mimir/index.ts";
import { KubePrometheusChart } from "../index.ts";

// Two shards of two real Prometheus, configured by the operator's code from the rendered resource, and a real Mimir.
const folder = mkdtempSync(join(tmpdir(), "skopos-ha-"));
const host = "127.0.36.1";
const shards = 2;
const targetCount = 8;
const running: RunningProgram[] = [];
const servers: Server[] = [];

const workload = { ...workloads.small, nodes: 1, pods: 30, activeSeries: 20_000 };

/** One that Mimir groups by shard, and one that it would group by cluster, to see what that loses. */
const mimirOf = () =>
  new MimirChart(new App(), "mimir", {
    namespace: "observability",
    workload,
    retention: retentionProfiles.standard,
    haClusterLabel: "prometheus_shard",
    tenants: { ungrouped: { ha_cluster_label: "cluster", drop_labels: [] } },
  });

const prometheusOf = (tenant: string, sharded: boolean) => {
  const { push, remoteRead } = mimirOf().endpoints;
  const headers = { "X-Scope-OrgID": tenant };
  return new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    workload,
    ...(sharded && { shards, replicas: 2 }),
    remoteWrite: { ...push, host, headers },
    ...(!sharded && { remoteRead: { ...remoteRead, host, headers } }),
  });
};

/** Targets as the discovery of Prometheus' own monitor would find them. */
const job = "serviceMonitor/observability/kube-prometheus-prometheus/0";
const label = (name: string, value: string) => ({
  [`__meta_kubernetes_service_label_app_kubernetes_io_${name}`]: value,
  [`__meta_kubernetes_service_labelpresent_app_kubernetes_io_${name}`]: "true",
});
const discovered = {
  ...label("name", "kube-prometheus"),
  ...label("instance", "kube-prometheus"),
  ...label("component", "prometheus"),
  __meta_kubernetes_endpointslice_port_name: "web",
  __meta_kubernetes_namespace: "observability",
  __meta_kubernetes_service_name: "kube-prometheus-prometheus",
};

async function serveTargets(): Promise<string[]> {
  for (let index = 0; index < targetCount; index++) {
    const server = createServer((_, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(`# TYPE shop_orders gauge\nshop_orders{shop="${index}"} ${index}\n`);
    });
    await new Promise<void>((done) => server.listen(0, host, done));
    servers.push(server);
  }
  return servers.map((server) => `${host}:${(server.address() as AddressInfo).port}`);
}

async function startStore(): Promise<void> {
  const chart = mimirOf();
  const [container] = mimirContainers(chart);
  const mimir = startMimir(chart, container as MimirContainer, { host, folder: join(folder, "mimir") });
  running.push(mimir);
  await ready(mimir, `http://${host}:8080/ready`);
}

async function startPrometheus(config: string, name: string, port: number): Promise<string> {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "prometheus.yaml"), config);
  const address = `${host}:${port}`;
  const program = start("prometheus", [
    `--config.file=${join(home, "prometheus.yaml")}`,
    `--storage.tsdb.path=${join(home, "data")}`,
    `--web.listen-address=${address}`,
  ]);
  running.push(program);
  await ready(program, `http://${address}/-/ready`);
  return `http://${address}`;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function ask(base: string, promql: string, tenant?: string): Promise<Sample[]> {
  const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(promql)}`, {
    ...(tenant && { headers: { "X-Scope-OrgID": tenant } }),
    signal: AbortSignal.timeout(5000),
  });
  return ((await response.json()) as { data?: { result: Sample[] } }).data?.result ?? [];
}

const mimirApi = `http://${host}:8080/prometheus`;
const prometheuses: string[] = [];
const shopsOf = (samples: readonly Sample[]) => samples.map(({ metric }) => Number(metric.shop)).sort((a, b) => a - b);
const everyShop = Array.from({ length: targetCount }, (_, index) => index);

beforeAll(async () => {
  requireProgram("prometheus-config");
  const targets = await serveTargets();
  await startStore();
  for (const [tenant, first] of [
    ["anonymous", 19_000],
    ["ungrouped", 19_010],
  ] as const) {
    const config = operatedConfig(prometheusOf(tenant, true));
    for (let shard = 0; shard < shards; shard++) {
      for (let replica = 0; replica < 2; replica++) {
        const pod = `prometheus-kube-prometheus${shard > 0 ? `-shard-${shard}` : ""}-${replica}`;
        const placed = offCluster(config, { pod, shard, job, targets, discovered });
        prometheuses.push(await startPrometheus(placed, `${tenant}-${pod}`, first + shard * 2 + replica));
      }
    }
  }
});

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

describe("two shards of two Prometheus", () => {
  test("split the targets between shards, and scrape the same targets with both replicas of a shard", async () => {
    const scraped = () =>
      Promise.all(prometheuses.slice(0, 4).map(async (base) => shopsOf(await ask(base, "shop_orders"))));
    await expect
      .poll(async () => (await scraped()).flat().sort((a, b) => a - b), { timeout: 30_000 })
      .toEqual(everyShop.flatMap((shop) => [shop, shop]));
    const [a, b, c, d] = await scraped();
    expect(a).toEqual(b);
    expect(c).toEqual(d);
    expect(a?.length).toBeGreaterThan(0);
    expect(c?.length).toBeGreaterThan(0);
  });

  test("send every series to Mimir once, without the labels of replica and shard", async () => {
    await expect
      .poll(async () => shopsOf(await ask(mimirApi, "shop_orders", "anonymous")), { timeout: 30_000 })
      .toEqual(everyShop);
    for (const { metric } of await ask(mimirApi, "shop_orders", "anonymous")) {
      expect(metric).toMatchObject({ cluster: "kubernetes", job: "prometheus", namespace: "observability" });
      expect(metric).not.toHaveProperty("__replica__");
      expect(metric).not.toHaveProperty("prometheus_shard");
      expect(metric).not.toHaveProperty("prometheus_replica");
    }
    // As many samples as one replica scrapes in that time, not twice as many.
    await expect
      .poll(
        async () =>
          Number((await ask(mimirApi, 'count_over_time(shop_orders{shop="0"}[10s])', "anonymous"))[0]?.value[1]),
        { timeout: 30_000 },
      )
      .toBeGreaterThanOrEqual(8);
    const counted = await ask(mimirApi, "max(count_over_time(shop_orders[10s]))", "anonymous");
    expect(Number(counted[0]?.value[1])).toBeLessThanOrEqual(11);
  });

  test("lose all but one shard if Mimir groups replicas by cluster", async () => {
    await expect
      .poll(async () => (await ask(mimirApi, "shop_orders", "ungrouped")).length, { timeout: 30_000 })
      .toBeGreaterThan(0);
    const [first, second] = await Promise.all([4, 6].map((index) => ask(prometheuses[index] as string, "shop_orders")));
    const kept = shopsOf(await ask(mimirApi, "shop_orders", "ungrouped"));
    expect([shopsOf(first ?? []), shopsOf(second ?? [])]).toContainEqual(kept);
  });
});

test("a Prometheus without local data returns Mimir's series through remote read", async () => {
  const config = operatedConfig(prometheusOf("anonymous", false));
  const placed = offCluster(config, { pod: "reader-0", shard: 0, job: "none", targets: [], discovered: {} });
  const reader = await startPrometheus(placed, "reader", 19_020);
  await expect.poll(async () => shopsOf(await ask(reader, "shop_orders")), { timeout: 30_000 }).toEqual(everyShop);
});
