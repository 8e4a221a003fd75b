// An agent and two gateways, all real: what cannot be sent waits, and is sent to the gateway that is responsible by then.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { type CollectorConfig, type QueueStorage, queueFolder } from "../../lib/otel/index.ts";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { type TraceSink, traceSink } from "../../test/data-plane/trace-sink.ts";
import { until } from "../../test/support/wait.ts";
import { defaultTailSampling, OtelGatewayChart } from "../otel-gateway/index.ts";
import { OtelAgentChart } from "./index.ts";

const namespace = "observability";
const host = "127.0.47.1";
const gateways = ["127.0.47.11", "127.0.47.12"] as const;
const folder = mkdtempSync(join(tmpdir(), "skopos-delivery-"));
const queues = join(folder, "queues");

/** Keeps every trace, so that a missing span was lost on its way. */
const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace,
  traces: { scheme: "grpc", host: "jaeger", port: 4317, backend: "jaeger" },
  tailSampling: { ...defaultTailSampling, decisionWaitSeconds: 1, keepPercent: 100 },
});
const agent = (queue: QueueStorage) =>
  new OtelAgentChart(new App(), "agent", {
    namespace,
    queue,
    gateway: {
      otlp: { scheme: "grpc", host: "gateway", port: 4317 },
      otlpByTraceId: { scheme: "grpc", host: `gateways.${namespace}.svc`, port: 4317 },
    },
  });

const rendered = (chart: ComponentChart): CollectorConfig =>
  parse(chart.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"]);

const running: RunningProgram[] = [];
let sink: TraceSink;

async function run(name: string, address: string, config: object): Promise<RunningProgram> {
  const file = join(folder, `${name}-${address}.yaml`);
  // Retries follow each other faster, so that the test need not wait for the longest pause between two.
  const hurried = JSON.stringify(config).replaceAll('"max_interval":"30s"', '"max_interval":"1s"');
  writeFileSync(file, stringify(JSON.parse(hurried.replaceAll(queueFolder, queues))));
  const program = start("otelcol", [`--config=${file}`], { K8S_NODE_NAME: host, K8S_NODE_IP: host });
  running.push(program);
  await ready(program, `http://${address}:13133/`);
  return program;
}

const runGateway = (address: string) =>
  run("gateway", address, sink.receivesFrom(offCluster(rendered(gateway), { host: address })));
const runAgent = (to: readonly string[], queue: QueueStorage = "memory") =>
  run("agent", host, offCluster(rendered(agent(queue)), { host, gateways: to }));

/** Sends spans in traces of 50, each span with a value of the given length, and returns their IDs. */
async function send(count: number, bytes = 10): Promise<readonly string[]> {
  const sent = Array.from({ length: count }, () => randomBytes(8).toString("hex"));
  const traces = Array.from({ length: Math.ceil(count / 50) }, () => randomBytes(16).toString("hex"));
  const now = `${BigInt(Date.now()) * 1_000_000n}`;
  const attributes = [{ key: "db.query.text", value: { stringValue: "x".repeat(bytes) } }];
  const spans = sent.map((spanId, index) => ({
    ...{ traceId: traces[Math.floor(index / 50)], spanId, name: "SELECT", kind: 3, attributes },
    ...{ startTimeUnixNano: now, endTimeUnixNano: now },
  }));
  const response = await fetch(`http://${host}:4318/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
  return sent;
}

async function allArrive(sent: readonly string[]): Promise<void> {
  const missing = () => {
    const received = new Set(sink.spans.map(({ spanId }) => spanId));
    return sent.filter((id) => !received.has(id)).length;
  };
  await until("every span", () => missing() === 0, { every: 250, explain: () => `${missing()} are missing` });
}

/** Waits until the agent holds spans that it could not send. */
async function held(atLeast: number): Promise<void> {
  const queued = async () => {
    const text = await (await fetch(`http://${host}:8888/metrics`)).text();
    return Number(/^otelcol_exporter_queue_size\{.*exporter="load_balancing".* (\S+)$/m.exec(text)?.[1]);
  };
  await until(`${atLeast} spans in the queue`, async () => (await queued()) >= atLeast, { every: 250 });
}

beforeAll(async () => {
  mkdirSync(queues);
  sink = await traceSink("127.0.47.20");
});

afterAll(async () => {
  for (const program of running) await program.stop();
  sink.close();
  rmSync(folder, { recursive: true });
});

test("a burst of large spans is sent in messages that a gateway accepts", async () => {
  for (const address of gateways) await runGateway(address);
  const program = await runAgent(gateways);
  const sent = (await Promise.all(Array.from({ length: 8 }, () => send(1_000, 3_000)))).flat();
  await allArrive(sent);
  await program.stop();
});

test("data that a gateway does not accept is queued until it recovers", async () => {
  const program = await runAgent(gateways);
  const [, second] = running;
  await second?.stop("SIGKILL");
  const sent = await send(500);
  await held(1);
  await runGateway(gateways[1]);
  await allArrive(sent);
  await program.stop();
});

test("a queue on disk survives a restart of the agent and is sent to the remaining gateway", async () => {
  const program = await runAgent(["127.0.47.99"], "disk");
  const sent = (await Promise.all(Array.from({ length: 12 }, () => send(500)))).flat();
  await held(sent.length);
  await program.stop("SIGKILL");
  await runAgent(gateways, "disk");
  await allArrive(sent);
});
