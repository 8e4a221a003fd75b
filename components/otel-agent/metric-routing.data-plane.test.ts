// Three agents, two gateways and a Prometheus, all real: each series must have one gateway, or sums count it twice.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { OtelGatewayChart } from "../otel-gateway/index.ts";
import { OtelAgentChart } from "./index.ts";

const namespace = "observability";
const agents = ["127.0.44.1", "127.0.44.2", "127.0.44.3"];
const gateways = ["127.0.44.11", "127.0.44.12", "127.0.44.13"];
/** Stands for the gateways' Service: each connection goes to the next pod. */
const service = "127.0.44.20";
const prometheus = "127.0.44.30";
const folder = mkdtempSync(join(tmpdir(), "skopos-metric-routing-"));

/** Seconds for which a gateway exposes a series that it no longer receives, shortened from five minutes. */
const expiration = 6;
/** Applications per agent, each with a counter, and a gauge. */
const applications = 4;

const gateway = new OtelGatewayChart(new App(), "gateway", { namespace });
const agent = new OtelAgentChart(new App(), "agent", {
  namespace,
  gateway: {
    otlp: { scheme: "grpc", host: service, port: 4317 },
    otlpByTraceId: { scheme: "grpc", host: `gateways.${namespace}.svc`, port: 4317 },
  },
});

const rendered = (chart: ComponentChart) =>
  parse(chart.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"]);

/** Connections live for two seconds instead of 60, and series expire sooner. */
const hurried = (config: object) =>
  JSON.parse(JSON.stringify(config), (key, value) => {
    if (key === "max_connection_age") return "2s";
    return key === "metric_expiration" ? `${expiration}s` : value;
  });

const running: RunningProgram[] = [];
const servers: Server[] = [];

function run(name: string, program: string, config: object, args: readonly string[]): RunningProgram {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(config));
  const started = start(program, [...args, `--${program === "otelcol" ? "config" : "config.file"}=${file}`], {
    K8S_NODE_NAME: "127.0.44.99",
    K8S_NODE_IP: "127.0.44.99",
  });
  running.push(started);
  return started;
}

async function collector(chart: ComponentChart, host: string, to: readonly string[] = []): Promise<RunningProgram> {
  const config = hurried(offCluster(rendered(chart), { host, gateways: to }));
  const program = run(`${chart.component}-${host}`, "otelcol", config, []);
  await ready(program, `http://${host}:13133/`);
  return program;
}

/** The Service in front of the gateways: round-robin by connection, to those that accept one. */
async function balance(): Promise<void> {
  let next = 0;
  const server = createServer((client) => {
    const upstream = createConnection({ host: gateways[next++ % 2] as string, port: 4317 });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => [client, upstream].map((each) => each.destroy()));
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(4317, service, listening));
}

const born = `${BigInt(Date.now()) * 1_000_000n}`;
/** Value of the first application's counter on every agent; the others grow in proportion. */
let orders = 0;
/** Whether counters keep their values. They are still sent, so that nothing expires. */
let frozen = false;
/** Sum of all counters as the applications have it. */
const truth = () => orders * agents.length * ((applications * (applications + 1)) / 2);

/** Sends the current values of an agent's applications. */
async function send(host: string): Promise<void> {
  const timeUnixNano = `${BigInt(Date.now()) * 1_000_000n}`;
  const resourceMetrics = Array.from({ length: applications }, (_, index) => {
    const point = { asDouble: orders * (index + 1), timeUnixNano, startTimeUnixNano: born };
    const attributes = { "service.name": `shop-${index}`, "k8s.pod.name": `shop-${index}-on-${host}` };
    return {
      resource: {
        attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
      },
      scopeMetrics: [
        {
          metrics: [
            { name: "orders", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } },
            { name: "stock", gauge: { dataPoints: [{ asDouble: index, timeUnixNano }] } },
          ],
        },
      ],
    };
  });
  const response = await fetch(`http://${host}:4318/v1/metrics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceMetrics }),
  });
  if (!response.ok) throw new Error(`${host} answers ${response.status}`);
}

async function query(promql: string): Promise<readonly { readonly value: readonly [number, string] }[]> {
  const url = `http://${prometheus}:9090/api/v1/query?query=${encodeURIComponent(promql)}`;
  const { data } = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  return data.result;
}

const number = async (promql: string) => Number((await query(promql))[0]?.value[1]);

/** Waits until Prometheus' clock is this many seconds ahead. */
async function pass(seconds: number): Promise<void> {
  const from = await number("vector(time())");
  await until(`${seconds} s of samples`, async () => (await number("vector(time())")) > from + seconds, { every: 250 });
}

/** Stops the counters, waits until Prometheus has their last values, and returns its time. */
async function settle(): Promise<number> {
  frozen = true;
  const seen = async () => (await number("sum(max by (k8s_pod_name) (orders_total))")) === truth();
  await until("the counters' last values", seen, { every: 250 });
  // Another scrape, so that the instant after it sees these values too.
  await pass(2);
  return number("vector(time())");
}

/** Lets the counters grow over many connections: every series must be there once, and sums must be the truth. */
async function expectTruth(): Promise<void> {
  const [from, before] = [await settle(), truth()];
  frozen = false;
  await pass(15);
  const [to, after] = [await settle(), truth()];
  const series = agents.length * applications;
  expect(await number("count(stock)")).toBe(series);
  expect(await number("count(count by (k8s_pod_name) (stock))")).toBe(series);
  expect(await number(`sum(orders_total) - sum(orders_total @ ${from})`)).toBe(after - before);
  // The rate over the same time, relative to that of one copy of each series.
  const rate = `rate(orders_total[${Math.floor(to - from)}s])`;
  const counted = await number(`sum(${rate}) / sum(max by (k8s_pod_name) (${rate}))`);
  expect(counted).toBeGreaterThan(0.98);
  expect(counted).toBeLessThan(1.02);
}

const programs = new Map<string, RunningProgram>();
let sending: ReturnType<typeof setInterval>;

/** Restarts the agents with another set of gateways, as if their Service's endpoints had changed. */
async function reroute(to: readonly string[]): Promise<void> {
  for (const host of agents) {
    await programs.get(host)?.stop();
    programs.set(host, await collector(agent, host, to));
  }
}

beforeAll(async () => {
  await balance();
  for (const host of gateways.slice(0, 2)) programs.set(host, await collector(gateway, host));
  await reroute(gateways.slice(0, 2));
  const scrape = {
    global: { scrape_interval: "1s", metric_name_validation_scheme: "legacy" },
    scrape_configs: [
      { job_name: "otel-gateway", static_configs: [{ targets: gateways.map((host) => `${host}:8889`) }] },
    ],
  };
  const args = [`--storage.tsdb.path=${folder}/tsdb`, `--web.listen-address=${prometheus}:9090`];
  await ready(run("prometheus", "prometheus", scrape, args), `http://${prometheus}:9090/-/ready`);
  sending = setInterval(() => {
    if (!frozen) orders += 1;
    // An agent that restarts gets the values of the next turn.
    for (const host of agents) void send(host).catch(() => undefined);
  }, 500);
});

afterAll(async () => {
  clearInterval(sending);
  for (const program of running) await program.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

describe("with several gateways, every series has one gateway", () => {
  const exposing = () => query("count by (instance) (stock)");

  test("while connections are closed and opened again", async () => {
    await until("every gauge", async () => (await number("count(stock)")) >= agents.length * applications);
    await expectTruth();
    expect(await exposing()).toHaveLength(2);
  });

  test("after a gateway is added, once moved series have expired at their previous gateway", async () => {
    programs.set(gateways[2] as string, await collector(gateway, gateways[2] as string));
    await reroute(gateways);
    await pass(expiration + 2);
    await expectTruth();
    expect(await exposing()).toHaveLength(3);
  });

  test("after a gateway is lost", async () => {
    await programs.get(gateways[1] as string)?.stop("SIGKILL");
    await reroute([gateways[0] as string, gateways[2] as string]);
    await pass(expiration + 2);
    await expectTruth();
    expect(await exposing()).toHaveLength(2);
  });
});
