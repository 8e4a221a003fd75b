// Applications with long values and many attributes, through a real agent and gateway, scraped with the monitor's limits.
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

const namespace = "observability";
const hosts = { agent: "127.0.48.1", gateway: "127.0.48.2", prometheus: "127.0.48.3" };
const folder = mkdtempSync(join(tmpdir(), "skopos-label-limits-"));
const to = (host: string): Endpoint => ({ scheme: "grpc", host, port: 4317 });
const gateway = new OtelGatewayChart(new App(), "gateway", { namespace });
const agent = new OtelAgentChart(new App(), "agent", {
  namespace,
  gateway: { otlp: to("gateway"), otlpByTraceId: to(`gateways.${namespace}.svc`) },
});

const rendered = (chart: ComponentChart) =>
  parse(chart.toJson().find(({ data }) => data?.["collector.yaml"])?.data["collector.yaml"]);

/** What the monitor of the gateway's :8889 asks of Prometheus, by the names of Prometheus' configuration. */
function asMonitored(): { readonly limits: object; readonly metric_relabel_configs: readonly object[] } {
  const monitor = gateway
    .toJson()
    .find(({ kind, metadata }) => kind === "ServiceMonitor" && metadata.name === "otel-gateway");
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit, endpoints } = monitor?.spec ?? {};
  expect(labelValueLengthLimit).toBeGreaterThan(0);
  return {
    limits: {
      label_limit: labelLimit,
      label_name_length_limit: labelNameLengthLimit,
      label_value_length_limit: labelValueLengthLimit,
    },
    metric_relabel_configs: endpoints[0].metricRelabelings,
  };
}

/** Labels that the operator gives the gateway's target. */
const labels = { namespace, pod: "otel-gateway-collector-0", container: "collector", service: "otel-gateway" };

const running: RunningProgram[] = [];

async function run(program: string, name: string, config: object, args: readonly string[], health: string) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(config));
  const started = start(program, [...args, file], { K8S_NODE_NAME: hosts.agent, K8S_NODE_IP: hosts.agent });
  running.push(started);
  await ready(started, health);
}

type Value = { readonly stringValue: string } | { readonly arrayValue: { readonly values: readonly object[] } };
const text = (stringValue: string): Value => ({ stringValue });
const many = (prefix: string, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}.${index}`, text(`${index}`)]));

interface Application {
  readonly resource?: Readonly<Record<string, Value>>;
  readonly point?: Readonly<Record<string, Value>>;
}

/** What a Java agent says about its process. */
const java = {
  "process.pid": text("4711"),
  "process.command_line": text(`java -Dpassword=secret ${"-Dx=y ".repeat(800)}`),
  "process.command_args": { arrayValue: { values: ["-jar", "x".repeat(5_000)].map((value) => text(value)) } },
  "process.executable.path": text("/usr/bin/java"),
  "process.runtime.name": text("OpenJDK"),
  "process.runtime.version": text("21.0.2"),
  "os.type": text("linux"),
};

const applications: Readonly<Record<string, Application>> = {
  plain: {},
  java: { resource: java },
  "5 kB": { resource: { "build.notes": text("é".repeat(2_500)) } },
  list: { resource: { "host.ips": { arrayValue: { values: Array.from({ length: 500 }, () => text("10.0.0.1")) } } } },
  "80 attributes": { resource: many("team.tag", 80) },
  "long name": { resource: { ["n".repeat(600)]: text("x") } },
  "5 kB point": { point: { "db.query.text": text("x".repeat(5_000)) } },
  "80 point attributes": { point: many("request.header", 80) },
};

const list = (of: Readonly<Record<string, Value>>) => Object.entries(of).map(([key, value]) => ({ key, value }));

async function send(): Promise<void> {
  const timeUnixNano = `${BigInt(Date.now()) * 1_000_000n}`;
  const resourceMetrics = Object.entries(applications).map(([name, { resource = {}, point = {} }]) => ({
    resource: { attributes: list({ ...resource, "service.name": text(name), "k8s.pod.name": text("pod-0") }) },
    scopeMetrics: [
      {
        metrics: [
          { name: "orders", gauge: { dataPoints: [{ asDouble: 7, timeUnixNano, attributes: list(point) }] } },
          { name: "container.memory.usage", unit: "By", gauge: { dataPoints: [{ asDouble: 7, timeUnixNano }] } },
        ],
      },
    ],
  }));
  const response = await fetch(`http://${hosts.agent}:4318/v1/metrics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceMetrics }),
  });
  expect(response.status).toBe(200);
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(promql: string): Promise<readonly Series[]> {
  const url = `http://${hosts.prometheus}:9090/api/v1/query?query=${encodeURIComponent(promql)}`;
  return ((await (await fetch(url)).json()) as { data: { result: Series[] } }).data.result;
}

const seriesOf = async (name: string) => (await query(`orders{service_name="${name}"}`))[0]?.metric ?? {};

beforeAll(async () => {
  const collector = ["--config"];
  const gatewayConfig = offCluster(rendered(gateway), { host: hosts.gateway });
  await run("otelcol", "gateway", gatewayConfig, collector, `http://${hosts.gateway}:13133/`);
  const agentConfig = offCluster(rendered(agent), { host: hosts.agent, gateway: hosts.gateway });
  await run("otelcol", "agent", agentConfig, collector, `http://${hosts.agent}:13133/`);
  const { limits, metric_relabel_configs } = asMonitored();
  const scrape = {
    global: { scrape_interval: "1s", metric_name_validation_scheme: "legacy", ...limits },
    scrape_configs: [
      {
        job_name: "otel-gateway",
        metric_relabel_configs,
        static_configs: [{ targets: [`${hosts.gateway}:8889`], labels }],
      },
    ],
  };
  const args = [`--storage.tsdb.path=${folder}/tsdb`, `--web.listen-address=${hosts.prometheus}:9090`];
  await run("prometheus", "prometheus", scrape, [...args, "--config.file"], `http://${hosts.prometheus}:9090/-/ready`);
  await send();
  const arrived = async () => (await query("orders")).length === Object.keys(applications).length;
  const health = async () =>
    JSON.stringify(await (await fetch(`http://${hosts.prometheus}:9090/api/v1/targets`)).json());
  await until("every application's series", arrived, { every: 250, explain: health });
});

afterAll(async () => {
  for (const program of running) await program.stop();
  rmSync(folder, { recursive: true });
});

test("the scrape succeeds whatever an application sends", async () => {
  expect((await query("min_over_time(up[1m])"))[0]?.value[1]).toBe("1");
});

test("the runtime becomes a label; command lines, process IDs and operating systems do not", async () => {
  const labels = await seriesOf("java");
  expect(Object.keys(labels).filter((name) => /^(process|os)_/.test(name))).toEqual([
    "process_runtime_name",
    "process_runtime_version",
  ]);
  expect(labels.skopos_attributes_cut).toBeUndefined();
});

test("long values are truncated at a character, and excess attributes are dropped except for those that identify the service", async () => {
  const { build_notes: notes = "" } = await seriesOf("5 kB");
  expect(notes).toMatch(/^é{400,}$/);
  const labels = await seriesOf("80 attributes");
  expect(labels).toMatchObject({ service_name: "80 attributes", k8s_pod_name: "pod-0" });
  expect(Object.keys(labels).length).toBeGreaterThan(40);
});

test("truncations are counted per application", async () => {
  const cut = await query('count by (service_name) ({skopos_attributes_cut="true", __name__="orders"})');
  const names = cut.map(({ metric }) => metric.service_name);
  expect(names.sort()).toEqual(
    Object.keys(applications)
      .filter((name) => !/plain|java/.test(name))
      .sort(),
  );
});

test("memory of applications is not booked to the namespace of the gateway", async () => {
  const used = await query("sum by (namespace, pod) (container_memory_usage_bytes)");
  expect(used.map(({ metric }) => metric)).toEqual([{}]);
  expect((await query("up"))[0]?.metric).toMatchObject(labels);
});
