// What agents and gateways really expose, asked by a real Prometheus with every query of their dashboards and alerts.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { OtelAgentChart } from "../../components/otel-agent/index.ts";
import { defaultTailSampling, OtelGatewayChart } from "../../components/otel-gateway/index.ts";
import type { ComponentChart, Endpoint } from "../../lib/kubernetes/index.ts";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { unrecorded } from "../catalogues/harvest.ts";
import { offCluster } from "./off-cluster.ts";
import { type RunningProgram, ready, start } from "./process.ts";

const hosts = { gateway: "127.0.4.1", agent: "127.0.4.2", prometheus: "127.0.4.3", nobody: "127.0.4.9" };
const folder = mkdtempSync(join(tmpdir(), "skopos-collector-dashboards-"));

const at = (scheme: Endpoint["scheme"], host: string, port: number, path?: string): Endpoint => ({
  scheme,
  host,
  port,
  ...(path && { path }),
});
/** Decides after two seconds instead of thirty, sends to a backend that is not there. */
const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace: "observability",
  traces: { ...at("grpc", hosts.nobody, 4317), backend: "jaeger" },
  logs: at("http", hosts.nobody, 3100, "/otlp"),
  tailSampling: { ...defaultTailSampling, decisionWaitSeconds: 2 },
});
const agent = new OtelAgentChart(new App(), "agent", {
  namespace: "observability",
  gateway: { otlp: at("grpc", hosts.gateway, 4317), otlpByTraceId: at("grpc", hosts.gateway, 4317) },
});

/** How the stack's Prometheus asks for names: a target may answer with dots in them otherwise. */
function names(): object {
  const metrics = new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
  });
  const { spec } = metrics.toJson().find(({ kind }) => kind === "Prometheus") ?? {};
  return {
    metric_name_validation_scheme: spec.nameValidationScheme.toLowerCase(),
    metric_name_escaping_scheme: spec.nameEscapingScheme.toLowerCase(),
  };
}

/** Queue size of the exporter: a larger batch is dropped, which the counters must show. */
const queueItems = 20;
/** The load balancer holds more, so that the gateway gets a batch that its own exporter cannot hold. */
const balancerItems = 15 * queueItems;

/** A rendered configuration off the cluster, whose exporters give up at once and queue next to nothing. */
function impatient(chart: ComponentChart, host: string): object {
  const rendered = chart.toJson().find(({ data }) => data?.["collector.yaml"]);
  const config = offCluster(parse(rendered?.data["collector.yaml"]), { host, gateway: hosts.gateway });
  const of = (items: number) => (key: string, value: unknown) =>
    key === "retry_on_failure" ? { enabled: false } : key === "queue_size" ? items : value;
  const exporters = Object.entries(config.exporters).map(([name, exporter]) => {
    const items = name.startsWith("load_balancing") ? balancerItems : queueItems;
    return [name, JSON.parse(JSON.stringify(exporter), of(items))];
  });
  return { ...config, exporters: Object.fromEntries(exporters) };
}

const job = (chart: ComponentChart, service: string, target: string) => ({
  job_name: `${chart.component}-collector-${service}`,
  static_configs: [
    { targets: [target], labels: { namespace: "observability", pod: `${chart.component}-collector-0`, cluster: "c" } },
  ],
});

const running: RunningProgram[] = [];

function run(name: string, program: string, config: object, args: string[], env: Record<string, string> = {}) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(config));
  const started = start(
    program,
    args.map((arg) => arg.replace("FILE", file)),
    env,
  );
  running.push(started);
  return started;
}

async function post(signal: "traces" | "metrics" | "logs", body: object, path = `/v1/${signal}`): Promise<void> {
  const response = await fetch(`http://${hosts.agent}:4318${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

const now = () => String(BigInt(Date.now()) * 1_000_000n);
const attributes = (of: Record<string, string>) =>
  Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }));
const resource = {
  attributes: attributes({
    "service.name": "shop",
    "k8s.namespace.name": "shop",
    "k8s.pod.name": "shop-0",
    "k8s.container.name": "shop",
    "k8s.node.name": "node-1",
  }),
};

const traceId = () => randomBytes(16).toString("hex");

function spans(traces: readonly string[]) {
  const of = (id: string, index: number) => ({
    traceId: id,
    spanId: randomBytes(8).toString("hex"),
    name: "GET /",
    kind: 2,
    startTimeUnixNano: now(),
    endTimeUnixNano: now(),
    attributes: attributes({ "url.path": index % 5 === 4 ? "/healthz" : "/" }),
    status: { code: index % 5 === 0 ? 2 : 0 },
  });
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: traces.map(of) }] }] };
}

/** The kubelet's metrics by the names and units of the `kubelet_stats` receiver, which has no kubelet to ask here. */
function kubeletMetrics(times = 1) {
  const point = { asDouble: 1, timeUnixNano: now(), startTimeUnixNano: now() };
  const gauge = (name: string, unit: string) => ({ name, unit, gauge: { dataPoints: [point] } });
  const sum = (name: string, unit: string) => ({
    name,
    unit,
    sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] },
  });
  const metrics = [
    sum("container.cpu.time", "s"),
    gauge("container.cpu.usage", "{cpu}"),
    gauge("container.memory.rss", "By"),
    gauge("container.memory.usage", "By"),
    sum("k8s.node.cpu.time", "s"),
    gauge("k8s.node.memory.usage", "By"),
  ];
  const value = { key: "build.notes", value: { stringValue: "x".repeat(5_000) } };
  const cut = { name: "orders", gauge: { dataPoints: [{ ...point, attributes: [value] }] } };
  const scopeMetrics = Array.from({ length: times }, () => ({ metrics: [...metrics, cut] }));
  return { resourceMetrics: [{ resource, scopeMetrics }] };
}

const logs = (lines: number) => ({
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        { logRecords: Array.from({ length: lines }, () => ({ timeUnixNano: now(), body: { stringValue: "x" } })) },
      ],
    },
  ],
});

/** When everything ran, and when the agent had noticed that its gateway was gone. */
let everythingUp = 0;
let gatewayGone = 0;

/** What the collectors exposed of themselves, with their failures counted. */
const exposed = { gateway: "", agent: "" };

const seconds = (count: number) => new Promise((done) => setTimeout(done, count * 1000));

/** @param at seconds since the epoch */
async function query(promql: string, at: number): Promise<unknown[]> {
  const url = `http://${hosts.prometheus}:9090/api/v1/query?time=${at}&query=${encodeURIComponent(promql)}`;
  const answer = (await (await fetch(url)).json()) as { status: string; error?: string; data: { result: unknown[] } };
  expect(answer.status, `${promql}: ${answer.error}`).toBe("success");
  return answer.data.result;
}

beforeAll(async () => {
  const collector = ["--config=FILE"];
  const gatewayProgram = run("gateway", "otelcol", impatient(gateway, hosts.gateway), collector);
  await ready(gatewayProgram, `http://${hosts.gateway}:13133/`);
  const agentProgram = run("agent", "otelcol", impatient(agent, hosts.agent), collector, {
    K8S_NODE_NAME: hosts.agent,
    K8S_NODE_IP: hosts.agent,
  });
  await ready(agentProgram, `http://${hosts.agent}:13133/`);
  const prometheus = run(
    "prometheus",
    "prometheus",
    {
      global: { scrape_interval: "1s", ...names() },
      scrape_configs: [
        job(gateway, "monitoring", `${hosts.gateway}:8888`),
        job(gateway, "headless", `${hosts.gateway}:8889`),
        job(agent, "monitoring", `${hosts.agent}:8888`),
      ],
    },
    ["--config.file=FILE", `--storage.tsdb.path=${folder}/tsdb`, `--web.listen-address=${hosts.prometheus}:9090`],
  );
  await ready(prometheus, `http://${hosts.prometheus}:9090/-/ready`);

  const some = Array.from({ length: 15 }, traceId);
  await post("traces", spans(some));
  await post("metrics", kubeletMetrics());
  await post("logs", logs(5));
  await seconds(6);
  // After their decision; and more at once than the queue to the missing backend holds.
  await post("traces", spans(some));
  await post("logs", logs(3 * queueItems));
  await post("traces", spans(Array.from({ length: 10 * queueItems }, traceId)));
  await post("metrics", kubeletMetrics());
  await seconds(8);
  everythingUp = Date.now() / 1000;
  exposed.gateway = await (await fetch(`http://${hosts.gateway}:8888/metrics`)).text();
  await gatewayProgram.stop();
  await post("metrics", kubeletMetrics());
  await post("logs", logs(5));
  await post("traces", spans(some));
  await seconds(3);
  await post("metrics", kubeletMetrics(2 * balancerItems));
  await post("traces", spans(Array.from({ length: 2 * balancerItems }, traceId)));
  await seconds(8);
  gatewayGone = Date.now() / 1000;
  exposed.agent = await (await fetch(`http://${hosts.agent}:8888/metrics`)).text();
});

afterAll(async () => {
  for (const program of running) await program.stop();
  rmSync(folder, { recursive: true });
});

/** Grafana's part: variables and its own interval. */
const asked = (promql: string) =>
  promql.replaceAll("$__rate_interval", "5m").replaceAll("$cluster", ".*").replaceAll(/\$\w+/g, ".+");

const queries = [gateway, agent].flatMap((chart) =>
  chart.dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap(({ title, queries: all }) =>
      all.flatMap((each) =>
        "promql" in each ? [{ name: `${dashboard.uid}, ${title}`, promql: asked(each.promql) }] : [],
      ),
    ),
  ),
);

/** kube-state-metrics is not part of this. */
const answerable = queries.filter(({ promql }) => !promql.includes("kube_"));

test.each(answerable)("$name has data: $promql", async ({ promql }) => {
  const found = [...(await query(promql, everythingUp)), ...(await query(promql, gatewayGone))];
  expect(found).not.toEqual([]);
});

test("every metric that an alert queries exists", async () => {
  const named = [gateway, agent].flatMap((chart) =>
    chart.ruleGroups.flatMap(({ rules }) =>
      rules.flatMap((rule) => [...rule.expr.matchAll(/otelcol_\w+/g)].map(([name]) => name)),
    ),
  );
  const response = await fetch(`http://${hosts.prometheus}:9090/api/v1/label/__name__/values`);
  const { data } = (await response.json()) as { data: string[] };
  expect([...new Set(named)].filter((name) => !data.includes(name)).sort()).toEqual([]);
});

test.each(["gateway", "agent"] as const)("the %s exposes the recorded labels and no others", (part) => {
  expect(unrecorded(`otel-${part}`, exposed[part])).toEqual([]);
});
