// Tenants of teams: a real Prometheus and a real gateway write to a real Mimir and Loki, each namespace to its tenant.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { LokiChart } from "../../components/loki/index.ts";
import type { MimirChart } from "../../components/mimir/index.ts";
import { expectedOfLoki, expectedOfMimir, lokiLimit, mimirLimit, mistakeIn } from "../../lib/formats/index.ts";
import type { ComponentChart, Endpoint } from "../../lib/kubernetes/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { renderStack } from "../../stacks/stack.ts";
import { until } from "../support/wait.ts";
import * as lokiOff from "./loki.ts";
import { type MimirContainer, mimirContainers, startMimir } from "./mimir.ts";
import { offCluster as collectorOff } from "./off-cluster.ts";
import { type RunningProgram, ready, requireProgram, start } from "./process.ts";
import { operatedConfig, offCluster as prometheusOff } from "./prometheus.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-tenants-"));
const hosts = { mimir: "127.0.47.1", loki: "127.0.47.2", gateway: "127.0.47.3", prometheus: "127.0.47.4" } as const;

const stack = renderStack(
  resolve(
    {
      ...readStackFile("stacks", "dev").raw,
      tenants: {
        payments: { namespaces: ["payments", "checkout"], mimir: { max_global_series_per_user: 1234 } },
        web: { namespaces: ["web"], loki: { max_line_size: "1KB" } },
      },
    },
    { stack: "dev" },
  ),
);
const chart = <T extends ComponentChart>(id: string) => stack.charts.find(({ node }) => node.id === id) as T;
const mimir = chart<MimirChart>("mimir");
const loki = chart<LokiChart>("loki");
const running: RunningProgram[] = [];
let target: Server;

const dataOf = (from: ComponentChart, name: string, file: string): string =>
  from.toJson().find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name).data[file];

/** A text in which the stores' Services are the processes of this test. */
const redirected = (text: string): string =>
  text.replaceAll(mimir.endpoints.push.host, hosts.mimir).replaceAll(loki.endpoints.push.host, hosts.loki);

async function startStores(): Promise<void> {
  const [container] = mimirContainers(mimir);
  const store = startMimir(mimir, container as MimirContainer, { host: hosts.mimir, folder: join(folder, "mimir") });
  running.push(store);
  const place = { host: hosts.loki, httpPort: loki.endpoints.push.port, folder: join(folder, "loki") };
  mkdirSync(join(place.folder, "etc/runtime"), { recursive: true });
  writeFileSync(join(place.folder, "etc/runtime/runtime.yaml"), dataOf(loki, "loki-runtime", "runtime.yaml"));
  const config = lokiOff.offCluster(dataOf(loki, "loki", "loki.yaml"), place);
  const file = lokiOff.writeConfig(place.folder, config);
  const logs = start("loki", [`-config.file=${file}`, "-target=all", "-config.expand-env=true"]);
  running.push(logs);
  await Promise.all([
    ready(store, `http://${hosts.mimir}:8080/ready`),
    ready(logs, `http://${hosts.loki}:${place.httpPort}/ready`),
  ]);
}

async function startGateway(): Promise<void> {
  const rendered = chart("otel-gateway")
    .toJson()
    .find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"];
  const config = collectorOff(parse(redirected(rendered)), { host: hosts.gateway });
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, stringify(config));
  const program = start("otelcol", [`--config=${file}`]);
  running.push(program);
  await ready(program, `http://${hosts.gateway}:13133/`);
}

/** A Prometheus whose only target is in a namespace. */
async function startPrometheus(namespace: string, port: number, more: string): Promise<void> {
  const text = prometheusOff(redirected(operatedConfig(chart("kube-prometheus"))), {
    pod: `prometheus-${namespace}-0`,
    shard: port,
    job: "serviceMonitor/observability/kube-prometheus-prometheus/0",
    targets: [`${hosts.prometheus}:${(target.address() as AddressInfo).port}`],
    discovered: {},
  });
  const config = parse(text);
  // Relabeling by the Service is not what is tested: the labels of the target are given.
  for (const scrape of config.scrape_configs) {
    scrape.relabel_configs = [];
    scrape.static_configs[0].labels = namespace ? { namespace } : { k8s_namespace_name: more };
  }
  const home = join(folder, `prometheus-${port}`);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "prometheus.yaml"), stringify(config));
  const address = `${hosts.prometheus}:${port}`;
  const program = start("prometheus", [
    `--config.file=${join(home, "prometheus.yaml")}`,
    `--storage.tsdb.path=${join(home, "data")}`,
    `--web.listen-address=${address}`,
  ]);
  running.push(program);
  await ready(program, `http://${address}/-/ready`);
}

beforeAll(async () => {
  requireProgram("prometheus-config");
  target = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end("# TYPE shop_orders gauge\nshop_orders 1\n");
  });
  await new Promise<void>((done) => target.listen(0, hosts.prometheus, done));
  await startStores();
  await Promise.all([
    startGateway(),
    startPrometheus("checkout", 19_030, ""),
    startPrometheus("observability", 19_031, ""),
    // As the gateway exposes series of applications.
    startPrometheus("", 19_032, "web"),
  ]);
});

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  target?.close();
  rmSync(folder, { recursive: true });
});

type Labels = Readonly<Record<string, string>>;

async function query(endpoint: Endpoint, host: string, tenant: string | undefined, path: string): Promise<Labels[]> {
  const base = `http://${host}:${endpoint.port}${endpoint.path ?? ""}`;
  const headers = tenant === undefined ? { ...endpoint.headers } : { "X-Scope-OrgID": tenant };
  const answer = await fetch(`${base}${path}`, { headers, signal: AbortSignal.timeout(5000) });
  const body = (await answer.json()) as { data?: { result: { metric?: Labels; stream?: Labels }[] } };
  return (body.data?.result ?? []).map(({ metric, stream }) => metric ?? stream ?? {});
}

describe("metrics", () => {
  const namespaces = async (tenant?: string) => {
    const path = `/api/v1/query?query=${encodeURIComponent("shop_orders")}`;
    const found = await query(mimir.endpoints.query, hosts.mimir, tenant, path);
    return found.map(({ namespace, k8s_namespace_name: of }) => namespace ?? of).sort();
  };

  test("of a namespace are in its tenant alone, and the rest in the stack's", async () => {
    await expect.poll(() => namespaces(), { timeout: 60_000 }).toEqual(["checkout", "observability", "web"]);
    expect(await namespaces("payments")).toEqual(["checkout"]);
    expect(await namespaces("web")).toEqual(["web"]);
    expect(await namespaces("anonymous")).toEqual(["observability"]);
  });

  test("of all tenants are read by the stack, which Mimir must be able to do", () => {
    expect(mimir.endpoints.query.headers).toEqual({ "X-Scope-OrgID": "anonymous|payments|web" });
    expect(mimir.endpoints.push.headers).toEqual({ "X-Scope-OrgID": "anonymous" });
    const runtime = parse(dataOf(mimir, "mimir-runtime", "runtime.yaml"));
    expect(runtime.overrides).toEqual({ payments: { max_global_series_per_user: 1234 } });
  });
});

describe("logs", () => {
  async function send(namespace: string | undefined, line: string): Promise<void> {
    const attributes = Object.entries({
      "service.name": "shop",
      ...(namespace && { "k8s.namespace.name": namespace }),
    });
    const resource = { attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })) };
    const logRecords = [{ timeUnixNano: `${Date.now()}000000`, body: { stringValue: line } }];
    const answer = await fetch(`http://${hosts.gateway}:4318/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
    });
    expect(answer.ok).toBe(true);
  }

  const namespaces = async (tenant?: string) => {
    const path = `/loki/api/v1/query_range?query=${encodeURIComponent('{service_name="shop"}')}`;
    const found = await query(loki.endpoints.query, hosts.loki, tenant, path);
    return found.map(({ k8s_namespace_name: of = "none" }) => of).sort();
  };

  test("of a namespace are in its tenant alone, and the rest in the stack's", async () => {
    await send("payments", "paid");
    await send("web", "shown");
    await send("other", "done");
    await send(undefined, "started");
    await until("all lines", async () => (await namespaces()).length === 4);
    expect(await namespaces()).toEqual(["none", "other", "payments", "web"]);
    expect(await namespaces("payments")).toEqual(["payments"]);
    expect(await namespaces("web")).toEqual(["web"]);
    expect(await namespaces("anonymous")).toEqual(["none", "other"]);
  });

  test("of one tenant have the limits of that tenant", async () => {
    const push = async (tenant: string) => {
      const { port, path } = loki.endpoints.push;
      const streams = [{ stream: { app: "long" }, values: [[`${Date.now()}000000`, "x".repeat(2000)]] }];
      const answer = await fetch(`http://${hosts.loki}:${port}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "X-Scope-OrgID": tenant },
        body: JSON.stringify({ streams }),
      });
      return answer.status;
    };
    expect(await push("payments")).toBe(204);
    expect(await push("web")).toBe(400);
  });
});

test.each([
  ["Mimir", mimirLimit, expectedOfMimir, () => `http://${hosts.mimir}:8080/config`, "limits"],
  ["Loki", lokiLimit, expectedOfLoki, () => `http://${hosts.loki}:${loki.endpoints.push.port}/config`, "limits_config"],
] as const)("the limits of a tenant in %s are those that the program has", async (_, format, expected, at, key) => {
  const limits = parse(await (await fetch(at())).text())[key] as Record<string, unknown>;
  const known = Object.keys(limits);
  expect(known.length).toBeGreaterThan(100);
  expect(known.filter((name) => mistakeIn(format, name) !== undefined)).toEqual([]);
  // What is not set is null.
  const set = Object.entries(limits).filter(([, value]) => value !== null);
  expect(set.filter(([name, value]) => expected(name, value) !== undefined)).toEqual([]);
});

test("each tenant has data sources of its own in Grafana", () => {
  const objects = chart("grafana").toJson();
  const file = objects
    .flatMap(({ data, stringData }) => Object.values({ ...data, ...stringData }) as string[])
    .find((text) => text.includes("datasources:"));
  const sources = (parse(file ?? "") as { datasources: { name: string; uid: string; secureJsonData?: Labels }[] })
    .datasources;
  const tenants = sources.map(({ uid, name, secureJsonData }) => [uid, name, secureJsonData?.httpHeaderValue1]);
  expect(tenants).toEqual(
    expect.arrayContaining([
      ["skopos-metrics", "Metrics", "anonymous|payments|web"],
      ["skopos-logs", "Logs", "anonymous|payments|web"],
      ["skopos-metrics-payments", "Metrics (payments)", "payments"],
      ["skopos-logs-payments", "Logs (payments)", "payments"],
      ["skopos-logs-web", "Logs (web)", "web"],
    ]),
  );
});

test("Alloy sends the pod logs of a namespace to its tenant", () => {
  const prod = renderStack(
    resolve(
      { ...readStackFile("stacks", "prod").raw, tenants: { payments: { namespaces: ["payments", "checkout"] } } },
      { stack: "prod" },
    ),
  );
  const alloy = prod.charts.find(({ node }) => node.id === "alloy") as ComponentChart;
  const config = dataOf(alloy, "alloy", "config.alloy");
  expect(config).toMatch(
    /stage\.match \{\s+selector = "\{namespace=~\\"payments\|checkout\\"\}"\s+stage\.tenant \{\s+value = "payments"/,
  );
});
