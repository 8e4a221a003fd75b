// Traces of several spans and services through a real gateway: probes go as whole traces, errors always stay.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { type TraceSink, traceSink } from "../../test/data-plane/trace-sink.ts";
import { until } from "../../test/support/wait.ts";
import { defaultTailSampling } from "./config.ts";
import { OtelGatewayChart } from "./index.ts";

const host = "127.0.45.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-noise-"));

/** Keeps all traces that no policy drops, so that a missing span was dropped as noise. */
const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace: "observability",
  traces: { scheme: "grpc", host: "jaeger", port: 4317, backend: "jaeger" },
  tailSampling: { ...defaultTailSampling, decisionWaitSeconds: 2, keepPercent: 100 },
});

interface Step {
  readonly name: string;
  readonly service?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly failed?: boolean;
}

const strings = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));

/** Sends a trace whose spans are each the child of the one before, one request per span, as services do. */
async function send(...steps: readonly Step[]): Promise<string> {
  const traceId = randomBytes(16).toString("hex");
  const at = `${BigInt(Date.now()) * 1_000_000n}`;
  let parentSpanId = "";
  for (const { name, service = "shop", attributes = {}, failed = false } of steps) {
    const spanId = randomBytes(8).toString("hex");
    const span = { traceId, spanId, parentSpanId, name, kind: 2, startTimeUnixNano: at, endTimeUnixNano: at };
    const full = { ...span, attributes: strings(attributes), status: { code: failed ? 2 : 0 } };
    const resource = { attributes: strings({ "service.name": service }) };
    const answer = await fetch(`http://${host}:4318/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [full] }] }] }),
    });
    expect(answer.ok).toBe(true);
    parentSpanId = spanId;
  }
  return traceId;
}

const probe: Step = {
  name: "GET /healthz",
  attributes: { "url.path": "/healthz", "user_agent.original": "kube-probe/1.35" },
};
const query: Step = { name: "SELECT", service: "database" };
const request: Step = { name: "GET /orders", attributes: { "url.path": "/orders" } };
const sent = new Map<string, string>();
let program: RunningProgram;
let sink: TraceSink;

beforeAll(async () => {
  sink = await traceSink("127.0.45.2");
  const rendered = gateway.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"];
  const config = sink.receivesFrom(offCluster(parse(rendered), { host }));
  const file = join(folder, "gateway.yaml");
  writeFileSync(file, stringify(config));
  program = start("otelcol", [`--config=${file}`]);
  await ready(program, `http://${host}:13133/`);

  for (const [name, ...steps] of [
    ["probe", probe, query],
    ["probe with a failed child", probe, { ...query, failed: true }],
    ["failed probe", { ...probe, failed: true }, query],
    ["request that checks another service", request, { ...probe, service: "stock" }, query],
    ["request with a failed lookup", request, { name: "dns.lookup", failed: true }],
    ["request with a lookup", request, { name: "dns.lookup" }],
    ["application path", { name: "GET /status", attributes: { "url.path": "/status" } }, query],
    ["last", request],
  ] as const) {
    sent.set(name, await send(...(steps as readonly Step[])));
  }
  await until("the last trace", () => sink.spans.some(({ traceId }) => traceId === sent.get("last")));
});

afterAll(async () => {
  await program.stop();
  sink.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ["probe", []],
  ["probe with a failed child", ["GET /healthz", "SELECT"]],
  ["failed probe", ["GET /healthz", "SELECT"]],
  ["request that checks another service", ["GET /healthz", "GET /orders", "SELECT"]],
  ["request with a failed lookup", ["GET /orders", "dns.lookup"]],
  ["request with a lookup", ["GET /orders"]],
  ["application path", ["GET /status", "SELECT"]],
])("of a %s, the gateway keeps %j", (name, kept) => {
  const spans = sink.spans.filter(({ traceId }) => traceId === sent.get(name));
  expect(spans.map((span) => span.name).sort()).toEqual(kept);
});

test("every remaining span still has its parent", () => {
  const ids = new Set(sink.spans.map(({ spanId }) => spanId));
  expect(sink.spans.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId))).toEqual([]);
});
