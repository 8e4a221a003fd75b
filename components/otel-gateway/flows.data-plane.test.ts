// Spans of flows through a real gateway: they pass beside tail sampling, and are not counted in span metrics.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { CollectorConfig } from "../../lib/otel/index.ts";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { type TraceSink, traceSink } from "../../test/data-plane/trace-sink.ts";
import { until } from "../../test/support/wait.ts";
import { flowsPort, spanMetricsPort } from "./config.ts";
import { OtelGatewayChart } from "./index.ts";

const host = "127.0.53.1";
const folder = mkdtempSync(join(tmpdir(), "skopos-flows-"));
const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace: "observability",
  traces: { scheme: "grpc", host: "jaeger.observability.svc", port: 4317, backend: "jaeger" },
  spanMetrics: true,
  flowSpansPerSecond: 100,
  // No trace is decided while the test runs, and then none but those with errors would be kept.
  tailSampling: { decisionWaitSeconds: 600, latencyThresholdMs: 1_000, keepPercent: 0 },
});

let program: RunningProgram;
let sink: TraceSink;

/** Every exporter of spans sends to the sink, in JSON. */
function toSink(config: CollectorConfig): CollectorConfig {
  const own = (name: string) => name.startsWith("otlp_grpc/");
  const renamed = (names: readonly string[]) =>
    names.map((name) => (own(name) ? name.replace("_grpc", "_http") : name));
  const exporters = Object.entries(config.exporters).map(([name, settings]) => {
    if (!own(name)) return [name, settings];
    const { sending_queue, retry_on_failure } = settings as Record<string, unknown>;
    const endpoint = { endpoint: "http://127.0.53.2:4318", encoding: "json", compression: "none" };
    return [name.replace("_grpc", "_http"), { ...endpoint, sending_queue, retry_on_failure }];
  });
  const pipelines = Object.entries(config.service.pipelines).map(
    ([name, pipeline]) => [name, { ...pipeline, exporters: renamed(pipeline.exporters) }] as const,
  );
  return {
    ...config,
    exporters: Object.fromEntries(exporters),
    service: { ...config.service, pipelines: Object.fromEntries(pipelines) },
  };
}

async function send(port: number, name: string, traces: number): Promise<void> {
  const spans = Array.from({ length: traces }, () => ({
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    name,
    kind: 3,
    startTimeUnixNano: "1",
    endTimeUnixNano: "2",
    attributes: [{ key: "process.pid", value: { intValue: "7" } }],
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: name } }] };
  const response = await fetch(`http://${host}:${port}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
}

beforeAll(async () => {
  sink = await traceSink("127.0.53.2");
  const rendered = gateway.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"];
  const config = toSink(offCluster(parse(rendered), { host, gateway: host }));
  // By HTTP, so that the test needs no gRPC.
  const http = (port: number) => ({ protocols: { http: { endpoint: `${host}:${port}` } } });
  const file = join(folder, "gateway.yaml");
  const receivers = {
    ...config.receivers,
    "otlp/spans": http(spanMetricsPort["otlp-spans"]),
    "otlp/flows": http(flowsPort["otlp-flows"]),
  };
  writeFileSync(
    file,
    stringify({ ...config, receivers }).replaceAll("metrics_flush_interval: 15s", "metrics_flush_interval: 1s"),
  );
  program = start("otelcol", [`--config=${file}`], { K8S_NODE_NAME: host, K8S_NODE_IP: host });
  await ready(program, `http://${host}:13133/`);
});

afterAll(async () => {
  await program?.stop();
  sink?.close();
  rmSync(folder, { recursive: true });
});

test("flows reach the backend, all of them, while traces of applications wait for a decision", async () => {
  await send(4318, "request", 20);
  await send(spanMetricsPort["otlp-spans"], "request", 20);
  for (let batch = 0; batch < 3; batch++) await send(flowsPort["otlp-flows"], "flow_ipv4_tcp", 100);
  await until("the flows", () => sink.spans.length >= 300, { explain: () => `${sink.spans.length} spans` });
  expect(sink.spans.map(({ name }) => name)).toEqual(Array.from({ length: 300 }, () => "flow_ipv4_tcp"));
  expect(new Set(sink.spans.map(({ traceId }) => traceId)).size).toBe(300);
});

test("span metrics count requests, and no flows", async () => {
  const series = async () =>
    (await (await fetch(`http://${host}:8889/metrics`)).text())
      .split("\n")
      .filter((line) => line.startsWith("traces_span_metrics_calls_total{"));
  const found = await until("span metrics", async () => {
    const lines = await series();
    return lines.some((line) => line.endsWith(" 20")) && lines;
  });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain('service_name="request"');
});

test("flows have a queue of their own", async () => {
  const text = await (await fetch(`http://${host}:8888/metrics`)).text();
  const queues = [...text.matchAll(/^otelcol_exporter_queue_capacity\{.*exporter="([^"]+)"/gm)].map(([, name]) => name);
  expect(queues.sort()).toEqual(["otlp_http/jaeger", "otlp_http/jaeger-flows"]);
});
