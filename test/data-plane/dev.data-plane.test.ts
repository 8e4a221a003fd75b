import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { readStackFile } from "../../stacks/load.ts";
import { resolve } from "../../stacks/resolve.ts";
import { type OwnedObject, objectsOf, renderStack } from "../../stacks/stack.ts";
import { until } from "../support/wait.ts";
import { offCluster as lokiOffCluster } from "./loki.ts";
import { offCluster as mimirOffCluster } from "./mimir.ts";
import { offCluster as collectorOffCluster } from "./off-cluster.ts";
import { type RunningProgram, ready, requireProgram, start } from "./process.ts";
import { remoteWrite } from "./remote-write.ts";

// The dev stack as six real processes on loopback, each with its rendered configuration; one address a component takes
// the place of its Service.
const hosts = {
  mimir: "127.0.3.1",
  loki: "127.0.3.2",
  jaeger: "127.0.3.3",
  "otel-gateway-collector": "127.0.3.4",
  "otel-agent-collector": "127.0.3.5",
  "kube-prometheus-prometheus": "127.0.3.6",
} as const;

const folder = mkdtempSync(join(tmpdir(), "skopos-dev-"));
const running: RunningProgram[] = [];
afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  rmSync(folder, { recursive: true });
});

/** dev, but traces are decided after 2 s instead of 30, and Prometheus also reads series that only Mimir has. */
function devObjects(): readonly OwnedObject[] {
  const { raw } = readStackFile("stacks", "dev");
  const components = {
    otelGateway: { tailSampling: { decisionWait: "2s" } },
    prometheus: { remoteRead: true },
  };
  return objectsOf(renderStack(resolve({ ...raw, components }, { stack: "dev" })));
}

const objects = devObjects();

function fileOf(configMap: string, file: string): string {
  const found = objects.find(({ object }) => object.kind === "ConfigMap" && object.metadata?.name === configMap);
  const { data } = (found?.object ?? {}) as { data?: Record<string, string> };
  if (!data?.[file]) throw new Error(`no ${file} in ${configMap}`);
  return data[file];
}

/** A text in which Services are loopback addresses. */
function onLoopback(text: string): string {
  return Object.entries(hosts).reduce(
    (result, [service, host]) => result.replaceAll(`${service}.observability.svc.cluster.local`, host),
    text,
  );
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, onLoopback(text));
  return file;
}

/** The configuration that the operator makes of our resources, with one target in place of service discovery. */
function prometheusConfig(): string {
  const generated = execFileSync(requireProgram("prometheus-config"), [], {
    input: objects.map(({ object }) => JSON.stringify(object)).join("\n---\n"),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const config = parse(generated.replaceAll("$(POD_NAME)", "prometheus-0").replaceAll("$(SHARD)", "0"));
  const gateway = `${hosts["otel-gateway-collector"]}:8889`;
  config.scrape_configs = [
    { job_name: "otel-gateway", scrape_interval: "1s", scrape_timeout: "1s", static_configs: [{ targets: [gateway] }] },
  ];
  for (const unused of ["rule_files", "alerting"]) delete config[unused];
  return stringify(config);
}

async function run(name: string, args: readonly string[], health: string, env: Record<string, string> = {}) {
  const program = start(name, args, env);
  running.push(program);
  await ready(program, health);
}

beforeAll(async () => {
  const mimirHome = join(folder, "mimir");
  mkdirSync(join(mimirHome, "etc", "rules"), { recursive: true });
  mkdirSync(join(mimirHome, "etc", "runtime"), { recursive: true });
  writeFileSync(join(mimirHome, "etc", "runtime", "runtime.yaml"), fileOf("mimir-runtime", "runtime.yaml"));
  const mimir = mimirOffCluster(fileOf("mimir", "mimir.yaml"), { host: hosts.mimir, folder: mimirHome });
  const loki = lokiOffCluster(fileOf("loki", "loki.yaml"), {
    host: hosts.loki,
    httpPort: 3100,
    folder: join(folder, "loki"),
  });
  const jaeger = fileOf("jaeger", "jaeger.yaml")
    .replaceAll("0.0.0.0", hosts.jaeger)
    .replaceAll("/var/jaeger", join(folder, "jaeger"));
  const collector = (name: "otel-gateway-collector" | "otel-agent-collector") =>
    stringify(
      collectorOffCluster(parse(fileOf(name, "collector.yaml")), {
        host: hosts[name],
        gateway: hosts["otel-gateway-collector"],
      }),
    );
  await Promise.all([
    run("mimir", [`-config.file=${write("mimir.yaml", mimir)}`, "-target=all"], `http://${hosts.mimir}:8080/ready`),
    run("loki", [`-config.file=${write("loki.yaml", loki)}`, "-target=all"], `http://${hosts.loki}:3100/ready`),
    run("jaeger", [`--config=${write("jaeger.yaml", jaeger)}`], `http://${hosts.jaeger}:16686/api/services`, {
      OTEL_TRACES_SAMPLER: "always_off",
    }),
  ]);
  for (const name of ["otel-gateway-collector", "otel-agent-collector"] as const) {
    const file = write(`${name}.yaml`, collector(name));
    await run("otelcol", [`--config=${file}`], `http://${hosts[name]}:13133/`, {
      K8S_NODE_NAME: hosts[name],
      K8S_NODE_IP: hosts[name],
    });
  }
  const prometheus = hosts["kube-prometheus-prometheus"];
  await run(
    "prometheus",
    [
      `--config.file=${write("prometheus.yaml", prometheusConfig())}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=${prometheus}:9090`,
    ],
    `http://${prometheus}:9090/-/ready`,
  );
});

const agent = `http://${hosts["otel-agent-collector"]}:4318`;
const tenant = { "X-Scope-OrgID": "anonymous" };

async function send(signal: "traces" | "metrics" | "logs", body: object): Promise<void> {
  const response = await fetch(`${agent}/v1/${signal}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

const nanoseconds = () => `${BigInt(Date.now()) * 1_000_000n}`;
const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };

/** The first series of an instant or range query, with its values. */
async function promql(base: string, query: string, headers: Record<string, string> = {}) {
  const end = Date.now() / 1000;
  const range = `query=${encodeURIComponent(query)}&start=${end - 3 * 3600}&end=${end}&step=60`;
  const response = await fetch(`${base}/api/v1/query_range?${range}`, { headers });
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  return data.result;
}

const prometheusUrl = `http://${hosts["kube-prometheus-prometheus"]}:9090`;
const mimirUrl = `http://${hosts.mimir}:8080/prometheus`;

describe("telemetry that an application sends to the agent", () => {
  test("a metric is scraped from the gateway by Prometheus and queried from Mimir", async () => {
    const point = { startTimeUnixNano: nanoseconds(), timeUnixNano: nanoseconds(), asInt: "42", attributes: [] };
    const sum = { dataPoints: [point], aggregationTemporality: 2, isMonotonic: true };
    const scope = { metrics: [{ name: "orders", unit: "1", sum }] };
    await send("metrics", { resourceMetrics: [{ resource, scopeMetrics: [scope] }] });
    for (const [base, headers] of [
      [prometheusUrl, {}],
      [mimirUrl, tenant],
    ] as const) {
      const [series] = await until("an answer", async () => {
        const found = await promql(base, "orders_total", headers);
        return found.length > 0 ? found : undefined;
      });
      expect(series?.values.at(-1)?.[1]).toBe("42");
      expect(series?.metric.service_name).toBe("shop");
    }
  });

  test("a log line is returned by Loki", async () => {
    const record = { timeUnixNano: nanoseconds(), severityText: "ERROR", body: { stringValue: "payment refused" } };
    await send("logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
    const query = encodeURIComponent('{service_name="shop"} |= "refused"');
    const line = await until("an answer", async () => {
      const response = await fetch(`http://${hosts.loki}:3100/loki/api/v1/query_range?query=${query}`, {
        headers: tenant,
      });
      const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
      return data.result[0]?.values[0]?.[1];
    });
    expect(line).toBe("payment refused");
  });

  test("a failed span is returned by Jaeger with cleaned attributes; a health probe is dropped", async () => {
    const span = (traceId: string, attributes: object[], status: object) => ({
      traceId,
      spanId: "00f067aa0ba902b7",
      name: "GET",
      kind: 2,
      startTimeUnixNano: nanoseconds(),
      endTimeUnixNano: nanoseconds(),
      attributes,
      status,
    });
    const failed = "4bf92f3577b34da6a3ce929d0e0e4736";
    const probe = "5bf92f3577b34da6a3ce929d0e0e4737";
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const spans = [
      span(failed, [attribute("db.system", "redis"), attribute("db.connection_string", "redis://secret")], { code: 2 }),
      span(probe, [attribute("url.path", "/healthz")], { code: 1 }),
    ];
    await send("traces", { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    const trace = (id: string) => fetch(`http://${hosts.jaeger}:16686/api/traces/${id}`);
    const text = await until("an answer", async () => {
      const response = await trace(failed);
      return response.ok ? await response.text() : undefined;
    });
    expect(text).toContain('"peer.service"');
    expect(text).not.toContain("redis://secret");
    expect((await trace(probe)).status).toBe(404);
  });
});

describe("series that only Mimir has", () => {
  /** Older than all that Prometheus has seen, within the time in which Mimir takes samples out of order. */
  const old = Date.now() - 25 * 60_000;

  beforeAll(async () => {
    const samples = Array.from({ length: 10 }, (_, index) => [old + index * 60_000, index] as const);
    const labels = { __name__: "only_in_mimir", cluster: "dev" };
    const { status, text } = await remoteWrite(`http://${hosts.mimir}:8080/api/v1/push`, [{ labels, samples }], tenant);
    expect(status, text).toBeLessThan(300);
  });

  test("are found on the query path to Mimir", async () => {
    const [series] = await until("an answer", async () => {
      const found = await promql(mimirUrl, "only_in_mimir", tenant);
      return found.length > 0 ? found : undefined;
    });
    expect(Number(series?.values.at(-1)?.[1])).toBe(9);
  });

  test("are found through Prometheus by remote read, despite its HA labels", async () => {
    const [series] = await until("an answer", async () => {
      const found = await promql(prometheusUrl, "only_in_mimir");
      return found.length > 0 ? found : undefined;
    });
    expect(Number(series?.values.at(-1)?.[1])).toBe(9);
    expect(prometheusConfig()).toContain("__replica__");
  });
});
