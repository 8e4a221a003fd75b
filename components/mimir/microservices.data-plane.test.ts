import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ComponentChart, rules } from "../../lib/kubernetes/index.ts";
import { retentionProfiles } from "../../lib/sizing/index.ts";
import { mimirContainers, startMimir, writeConfigMap } from "../../test/data-plane/mimir.ts";
import { type RunningProgram, ready } from "../../test/data-plane/process.ts";
import { remoteWrite } from "../../test/data-plane/remote-write.ts";
import { render } from "../../test/support/mimir.ts";
import { longTermTenant, MimirRulesChart } from "./index.ts";
import { rulesConfigMap } from "./pod.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-mimir-parts-"));
afterAll(() => rmSync(folder, { recursive: true }));

const retention = retentionProfiles.extended;
const chart = render("large", { retention, evaluator: "mimir" });

/** A component that brings one alert and one aggregate along. */
class ShopChart extends ComponentChart {
  readonly endpoints = {};

  constructor(app: App) {
    super(app, "shop", "shop", { namespace: "obs", evaluator: "mimir" });
    rules(this, "shop", [
      {
        name: "shop",
        interval: "1s",
        tenant: longTermTenant,
        rules: [{ record: "cluster:shop_orders:sum", expr: "sum by (cluster) (shop_orders)" }],
      },
    ]);
  }
}

/** One process for each workload that is rendered, each on its own address. */
const processes = mimirContainers(chart).map((container, index) => ({
  ...container,
  host: `127.0.33.${index + 1}`,
  folder: join(folder, container.name),
}));
const hostOf = (name: string) => processes.find((process) => process.name === name)?.host ?? "";
const running = new Map<string, RunningProgram>();

describe("every service as a process of its own, in three zones", () => {
  const { push, query } = chart.endpoints;
  const headers = { "X-Scope-OrgID": "anonymous" };

  beforeAll(async () => {
    const rendered = new MimirRulesChart(new App(), "mimir-rules", {
      namespace: "obs",
      evaluator: "mimir",
      mimir: chart,
      charts: [new ShopChart(new App())],
    });
    for (const process of processes) {
      const { name, host } = process;
      for (const tenant of chart.ruleTenants) {
        writeConfigMap(rendered, rulesConfigMap(chart, tenant), join(process.folder, "etc/rules", tenant));
      }
      const placement = {
        host,
        folder: process.folder,
        scheduler: hostOf("mimir-query-scheduler"),
        frontend: hostOf("mimir-query-frontend"),
        join: processes[0]?.host ?? "",
        bucket: join(folder, "bucket"),
      };
      const evaluation = name === "mimir-ruler" ? ["-ruler.evaluation-delay-duration=0"] : [];
      running.set(name, startMimir(chart, process, placement, { flags: [...evaluation, "-shutdown-delay=0"] }));
    }
    await Promise.all(
      processes.map(({ name, host }) => ready(running.get(name) as RunningProgram, `http://${host}:8080/ready`)),
    );
  });
  afterAll(() => Promise.all([...running.values()].map((program) => program.stop())));

  const write = (value: number, at = Date.now()) =>
    remoteWrite(
      `http://${hostOf("mimir-distributor")}:8080${push.path}`,
      [{ labels: { __name__: "shop_orders", cluster: "c1" }, samples: [[at, value]] }],
      headers,
    );

  const ask = async (promql: string, tenant = "anonymous"): Promise<string | undefined> => {
    const url = `http://${hostOf("mimir-query-frontend")}:8080${query.path}/api/v1/query?query=${encodeURIComponent(promql)}`;
    const response = await fetch(url, { headers: { "X-Scope-OrgID": tenant }, signal: AbortSignal.timeout(10_000) });
    const answer = (await response.json()) as { data?: { result: { value: [number, string] }[] } };
    return answer.data?.result[0]?.value[1];
  };

  test("one process per zone and service", () => {
    expect(processes.map(({ name }) => name).sort()).toEqual([
      "mimir-compactor",
      "mimir-distributor",
      "mimir-ingester-zone-a",
      "mimir-ingester-zone-b",
      "mimir-ingester-zone-c",
      "mimir-overrides-exporter",
      "mimir-querier",
      "mimir-query-frontend",
      "mimir-query-scheduler",
      "mimir-ruler",
      "mimir-store-gateway-zone-a",
      "mimir-store-gateway-zone-b",
      "mimir-store-gateway-zone-c",
    ]);
  });

  test("a sample written to the distributor is read from the query-frontend", async () => {
    await expect.poll(() => write(7), { timeout: 30_000 }).toMatchObject({ status: 200 });
    await expect.poll(() => ask("sum(shop_orders)"), { timeout: 30_000 }).toBe("7");
  });

  test("each zone's ingester holds a copy", async () => {
    for (const zone of ["a", "b", "c"]) {
      const metrics = await (await fetch(`http://${hostOf(`mimir-ingester-zone-${zone}`)}:8080/metrics`)).text();
      expect(metrics).toMatch(/^cortex_ingester_memory_series_created_total\{user="anonymous"\} 1$/m);
    }
  });

  test("the ruler writes aggregates to their own tenant", async () => {
    await expect.poll(() => ask("cluster:shop_orders:sum", longTermTenant), { timeout: 60_000 }).toBe("7");
    expect(await ask("cluster:shop_orders:sum")).toBeUndefined();
  });

  test("writes and queries succeed while one zone is down", async () => {
    await Promise.all(["ingester", "store-gateway"].map((part) => running.get(`mimir-${part}-zone-b`)?.stop()));
    await expect.poll(() => write(9), { timeout: 30_000 }).toMatchObject({ status: 200 });
    await expect.poll(() => ask("sum(shop_orders)"), { timeout: 30_000 }).toBe("9");
  });

  test("no process warns about its configuration", () => {
    for (const program of running.values()) {
      expect(program.output()).not.toMatch(/level=(error|warn).*(deprecat|unknown|invalid config)/i);
    }
  });
});
