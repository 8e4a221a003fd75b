// Additional scrapes, configured by the operator's code: a real Prometheus scrapes what they list and discover.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { workloads } from "../../../lib/sizing/index.ts";
import { ready, requireProgram, start } from "../../../test/data-plane/process.ts";
import { operatedConfig } from "../../../test/data-plane/prometheus.ts";
import { until } from "../../../test/support/wait.ts";
import { type AdditionalScrape, KubePrometheusChart } from "../index.ts";

const host = "127.0.64.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-scrapes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const additionalScrapes: readonly AdditionalScrape[] = [
  {
    name: "vms",
    spec: {
      staticConfigs: [{ targets: [`${host}:19465`, "db-2.example.com:9100"], labels: { env: "prod" } }],
      metricsPath: "/probe",
      relabelings: [{ targetLabel: "source", replacement: "vms" }],
    },
  },
  { name: "inventory", spec: { httpSDConfigs: [{ url: `http://${host}:19465/targets` }] }, ports: [9182] },
  { name: "secure", spec: { scheme: "HTTPS", staticConfigs: [{ targets: ["device.example.com"] }] } },
];

const chart = new KubePrometheusChart(new App(), "metrics", {
  namespace: "observability",
  agentsNamespace: "observability-agents",
  crds: false,
  workload: { ...workloads.small, nodes: 1, pods: 30, activeSeries: 20_000 },
  replicas: 1,
  additionalScrapes,
});

test("network policies admit static targets, discoveries and stated ports", () => {
  const ports = (name: string) => chart.edges.find(({ why }) => why === `scrape: ${name}`)?.ports;
  expect(ports("vms")).toEqual([19_465, 9100]);
  expect(ports("inventory")).toEqual([9182, 19_465]);
  expect(ports("secure")).toEqual([443]);
});

test("the real promtool accepts the operator's configuration, and the real Prometheus scrapes listed and discovered targets", async () => {
  const config = parse(operatedConfig(chart).replaceAll("$(SHARD)", "0").replaceAll("$(POD_NAME)", "a"));
  const file = join(folder, "prometheus.yaml");
  config.scrape_configs = config.scrape_configs.filter(({ job_name }: { job_name: string }) =>
    job_name.startsWith("scrapeConfig/"),
  );
  expect(config.scrape_configs.map(({ job_name }: { job_name: string }) => job_name)).toEqual(
    ["inventory", "secure", "vms"].map((name) => `scrapeConfig/observability/kube-prometheus-${name}`),
  );
  delete config.alerting;
  delete config.remote_write;
  delete config.rule_files;
  Object.assign(config.global, { scrape_interval: "1s", scrape_timeout: "1s" });
  writeFileSync(file, stringify(config, { lineWidth: 0 }));
  expect(execFileSync(requireProgram("promtool"), ["check", "config", file], { encoding: "utf8" })).toContain(
    "SUCCESS",
  );

  const server = createServer(({ url }, response) => {
    if (url === "/targets") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify([{ targets: [`${host}:19465`], labels: { rack: "r1" } }]));
    } else response.setHeader("content-type", "text/plain; version=0.0.4").end(`fan_speed{path="${url}"} 7\n`);
  });
  await new Promise<void>((done) => server.listen(19_465, host, done));
  try {
    await using prometheus = start("prometheus", [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${host}:19464`,
    ]);
    await ready(prometheus, `http://${host}:19464/-/ready`);
    const series = async () => {
      const answer = await fetch(`http://${host}:19464/api/v1/query?query=fan_speed`);
      const { data } = (await answer.json()) as { data: { result: { metric: Record<string, string> }[] } };
      return data.result.map(({ metric: { path, env, source, rack } }) => ({ path, env, source, rack }));
    };
    await until("both series", async () => (await series()).length === 2, { every: 500 });
    expect(await series()).toEqual(
      expect.arrayContaining([
        { path: "/probe", env: "prod", source: "vms" },
        { path: "/metrics", rack: "r1" },
      ]),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 120_000);
