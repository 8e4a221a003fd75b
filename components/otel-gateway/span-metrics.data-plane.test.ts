// Spans of 3,000 pods through a real agent and gateway: counters of services must survive restarts of pods and gateways.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { ComponentChart, Endpoint } from "../../lib/kubernetes/index.ts";
import { offCluster } from "../../test/data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { OtelAgentChart } from "../otel-agent/index.ts";
import { OtelGatewayChart } from "./index.ts";

const hosts = { agent: "127.0.49.1", gateway: "127.0.49.2" };
const folder = mkdtempSync(join(tmpdir(), "skopos-span-metrics-"));
const gateway = new OtelGatewayChart(new App(), "gateway", { namespace: "observability", spanMetrics: true });
const headless: Endpoint = { scheme: "grpc", host: "gateways.observability.svc", port: 4317 };
const agent = new OtelAgentChart(new App(), "agent", {
  namespace: "observability",
  gateway: { otlp: headless, otlpByTraceId: headless, otlpByService: { ...headless, port: 4319 } },
});

const services = 30;
const podsPerService = 100;

const running: RunningProgram[] = [];

async function run(chart: ComponentChart, host: string): Promise<RunningProgram> {
  const rendered = parse(chart.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"]);
  const config = offCluster(rendered, { host, gateway: hosts.gateway });
  const file = join(folder, `${chart.component}.yaml`);
  writeFileSync(file, stringify(config).replaceAll("metrics_flush_interval: 15s", "metrics_flush_interval: 1s"));
  const program = start("otelcol", [`--config=${file}`], { K8S_NODE_NAME: host, K8S_NODE_IP: host });
  running.push(program);
  await ready(program, `http://${host}:13133/`);
  return program;
}

const strings = (of: Readonly<Record<string, string>>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));

/** One span of each pod. @param generation part of the pods' names, which change when they are replaced */
async function send(generation: string): Promise<void> {
  const now = `${BigInt(Date.now()) * 1_000_000n}`;
  for (let service = 0; service < services; service++) {
    const resourceSpans = Array.from({ length: podsPerService }, (_, pod) => {
      const name = `service-${service}-${generation}-${pod}`;
      const ids = { traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") };
      const span = { ...ids, name: "GET /orders", kind: 2, startTimeUnixNano: now, endTimeUnixNano: now };
      const resource = { "service.name": `service-${service}`, "service.instance.id": name, "k8s.pod.name": name };
      return { resource: { attributes: strings(resource) }, scopeSpans: [{ spans: [span] }] };
    });
    const response = await fetch(`http://${hosts.agent}:4318/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans }),
    });
    expect(response.status).toBe(200);
  }
}

/** Labels and value of each counter of spans on :8889. */
async function calls(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://${hosts.gateway}:8889/metrics`)).text();
  const series = text.matchAll(/^traces_span_metrics_calls_total\{(.*)\} (\S+)/gm);
  return new Map([...series].map(([, labels, value]) => [labels as string, Number(value)]));
}

async function counted(perService: number): Promise<readonly string[]> {
  const complete = async () => {
    const values = [...(await calls()).values()];
    return values.length >= services && values.every((value) => value >= perService);
  };
  await until(`${perService} spans of each service`, complete, { every: 250 });
  const found = await calls();
  expect([...found.values()]).toEqual(Array.from({ length: services }, () => perService));
  return [...found.keys()].sort();
}

let gatewayProgram: RunningProgram;

beforeAll(async () => {
  gatewayProgram = await run(gateway, hosts.gateway);
  await run(agent, hosts.agent);
});

afterAll(async () => {
  for (const program of running) await program.stop();
  rmSync(folder, { recursive: true });
});

test("counters of a service are one series, whatever its pods are called and however often they are replaced", async () => {
  await send("a");
  const labels = await counted(podsPerService);
  expect(labels.join()).not.toMatch(/collector_instance|k8s_pod|service_instance/);
  await send("b");
  expect(await counted(2 * podsPerService)).toEqual(labels);
});

test("a gateway that restarts continues the same series", async () => {
  const labels = [...(await calls()).keys()].sort();
  await gatewayProgram.stop();
  await run(gateway, hosts.gateway);
  await send("c");
  expect(await counted(podsPerService)).toEqual(labels);
});
