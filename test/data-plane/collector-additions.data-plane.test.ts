// What a stack file adds to the collectors: the real collector reads it, and telemetry passes through a user's pipeline.
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { distribution } from "../../lib/otel/additions/distribution.ts";
import type { CollectorConfig } from "../../lib/otel/index.ts";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, renderStack } from "../../stacks/stack.ts";
import { recordDistribution } from "../catalogues/collector.ts";
import { until } from "../support/wait.ts";
import { offCluster } from "./off-cluster.ts";
import { type RunningProgram, ready, requireProgram, start } from "./process.ts";

const host = "127.0.63.1";
const vendorPort = 19_463;
const folder = mkdtempSync(join(tmpdir(), "skopos-collector-additions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const otelGateway = {
  receivers: {
    statsd: { endpoint: "0.0.0.0:8125", aggregation_interval: "1s", is_monotonic_counter: true },
    "otlp/partner": { protocols: { http: { endpoint: "0.0.0.0:4418" }, grpc: { endpoint: "0.0.0.0:4417" } } },
  },
  processors: { "attributes/partner": { actions: [{ key: "partner", value: "acme", action: "upsert" }] } },
  exporters: {
    "otlp_http/vendor": {
      endpoint: `http://vendor.example.com:${vendorPort}`,
      encoding: "json",
      compression: "none",
      headers: { "api-key": "${env:VENDOR_KEY}" },
    },
    kafka: { brokers: ["kafka-0.kafka.svc:9092", "kafka-1.kafka.svc:9093"], traces: { topic: "spans" } },
  },
  pipelines: {
    metrics: { receivers: ["statsd"] },
    logs: { processors: ["attributes/partner"], exporters: ["otlp_http/vendor"] },
    "traces/partner": {
      receivers: ["otlp/partner"],
      processors: ["attributes/partner"],
      exporters: ["otlp_http/vendor", "kafka"],
    },
  },
  secrets: { VENDOR_KEY: { secret: "vendor", key: "api-key" } },
};
const otelAgent = {
  processors: { "attributes/team": { actions: [{ key: "team", value: "a", action: "insert" }] } },
  pipelines: { traces: { processors: ["attributes/team"] }, metrics: { processors: ["attributes/team"] } },
};

function render(collectors: "native" | "operator"): readonly KubernetesObject[] {
  const raw = {
    ...(readStackFile("stacks", "dev").raw as object),
    collectors,
    extra: { collectors: { otelGateway, otelAgent } },
  };
  return objectsOf(renderStack(resolve(raw, { stack: "dev" }))).map(({ object }) => object);
}

const find = <T extends KubernetesObject>(objects: readonly KubernetesObject[], kind: string, name: string): T =>
  objects.find((each) => each.kind === kind && each.metadata.name === name) as T;

const configOf = (objects: readonly KubernetesObject[], name: string): CollectorConfig =>
  parse(
    find<KubernetesObject & { data: Record<string, string> }>(objects, "ConfigMap", `${name}-collector`).data[
      "collector.yaml"
    ] as string,
  );

/** A rule of a network policy. */
interface Admitted {
  readonly ports: readonly object[];
}

const objects = render("native");
const env = { K8S_NODE_NAME: host, K8S_NODE_IP: host, VENDOR_KEY: "hunter2" };

function write(config: CollectorConfig): string {
  const file = join(folder, "collector.yaml");
  writeFileSync(file, stringify(offCluster(config, { host })).replaceAll("vendor.example.com", host));
  return file;
}

test.each(["otel-agent", "otel-gateway"])("%s: the real collector validates the configuration", (name) => {
  const args = ["validate", `--config=${write(configOf(objects, name))}`];
  expect(
    execFileSync(requireProgram("otelcol"), args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  ).toBe("");
});

test("pipelines keep the memory limiter first and the batches last", () => {
  const { pipelines } = configOf(objects, "otel-gateway").service;
  expect(Object.keys(pipelines)).toContain("traces/partner");
  for (const [name, { processors }] of Object.entries(pipelines)) {
    expect(processors[0], name).toBe("memory_limiter");
    if (name !== "traces/span-metrics") expect(processors.at(-1), name).toBe("batch");
  }
  expect(pipelines.logs?.processors.slice(-2)).toEqual(["attributes/partner", "batch"]);
});

test("ports of receivers are ports of the workload and its Services, and the key comes from its Secret", () => {
  const { spec } = find<KubernetesObject & { spec: { ports: object[] } }>(objects, "Service", "otel-gateway-collector");
  expect(spec.ports).toEqual(
    expect.arrayContaining([
      { name: "statsd-8125", port: 8125, targetPort: "statsd-8125", protocol: "UDP" },
      { name: "otlp-4418", port: 4418, targetPort: "otlp-4418", protocol: "TCP" },
    ]),
  );
  const workload = JSON.stringify(find(objects, "StatefulSet", "otel-gateway-collector"));
  expect(workload).toContain('{"containerPort":8125,"name":"statsd-8125","protocol":"UDP"}');
  expect(workload).toMatch(/"VENDOR_KEY","valueFrom":\{"secretKeyRef":\{("key":"api-key"|"name":"vendor"|,)+\}/);
});

test.each(["native", "operator"] as const)("%s: network policies admit receivers and destinations", (mode) => {
  const { spec } = find<KubernetesObject & { spec: { ingress: Admitted[]; egress: Admitted[] } }>(
    render(mode),
    "NetworkPolicy",
    "otel-gateway",
  );
  const anyPod = [{ namespaceSelector: {} }];
  expect(spec.ingress).toContainEqual({ from: anyPod, ports: [{ port: 8125, protocol: "UDP" }] });
  for (const port of [4417, 4418])
    expect(spec.ingress).toContainEqual({ from: anyPod, ports: [{ port, protocol: "TCP" }] });
  const anywhere = [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }];
  for (const port of [vendorPort, 9092, 9093])
    expect(spec.egress).toContainEqual({ to: anywhere, ports: [{ port, protocol: "TCP" }] });
});

describe("telemetry", () => {
  const received: { url: string; key: unknown; body: string }[] = [];
  const vendor = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ url: request.url ?? "", key: request.headers["api-key"], body });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  let collector: RunningProgram;
  beforeAll(async () => {
    await new Promise<void>((done) => vendor.listen(vendorPort, host, done));
    collector = start("otelcol", [`--config=${write(configOf(objects, "otel-gateway"))}`], env);
    await ready(collector, `http://${host}:13133/`);
  });
  afterAll(async () => {
    await collector?.stop();
    vendor.close();
  });
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const send = async (port: number, path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`http://${host}:${port}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    expect(status).toBe(200);
  };

  test("of a pipeline of its own reaches the vendor, processed and with the key", async () => {
    const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", name: "GET /", kind: 2 };
    await send(4418, "/v1/traces", { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
    await until("the span at the vendor", async () => received.some(({ url }) => url === "/v1/traces"), { every: 100 });
    const [trace] = received.filter(({ url }) => url === "/v1/traces");
    expect(trace?.key).toBe("hunter2");
    expect(trace?.body).toContain('{"key":"partner","value":{"stringValue":"acme"}}');
  });

  test("of an extended pipeline reaches the vendor, too", async () => {
    const record = { body: { stringValue: "hello" }, severityNumber: 9 };
    await send(4318, "/v1/logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
    await until("the log line at the vendor", async () => received.some(({ url }) => url === "/v1/logs"), {
      every: 100,
    });
    expect(received.find(({ url }) => url === "/v1/logs")?.body).toContain('"acme"');
  });

  test("of an added receiver is exposed with the gateway's metrics", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((done) => socket.send("orders:7|c", 8125, host, () => done()));
    socket.close();
    const exposed = async () => {
      collector.output();
      return (await fetch(`http://${host}:8889/metrics`)).text();
    };
    await until("the counter", async () => /^orders\S* 7$/m.test(await exposed()), { every: 500 });
  }, 120_000);
});

test("the recorded components are those of the published release, and those of the collector under test are among them", () => {
  expect(distribution).toEqual(recordDistribution());
  const components = parse(execFileSync(requireProgram("otelcol"), ["components"], { encoding: "utf8" }));
  for (const kind of ["receivers", "processors", "exporters", "connectors", "extensions"] as const)
    for (const { name } of components[kind]) expect(distribution[kind]).toContain(name);
});
