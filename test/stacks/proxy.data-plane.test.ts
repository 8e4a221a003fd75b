// Real programs behind a real HTTP proxy: what is outside the cluster is reached through it, and what is inside never is.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdk8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { OtelGatewayChart } from "../../components/otel-gateway/index.ts";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { healthCheck } from "../../lib/otel/index.ts";
import { type HttpProxyServer, httpProxy } from "../data-plane/http-proxy.ts";
import { offCluster } from "../data-plane/off-cluster.ts";
import { type RunningProgram, ready, start } from "../data-plane/process.ts";
import { type TraceSink, traceSink } from "../data-plane/trace-sink.ts";
import { until } from "../support/wait.ts";

const address = (last: number) => `127.0.65.${last}`;
const hosts = { gateway: address(1), tempo: address(2), alertmanager: address(3), hook: address(4), proxy: address(5) };
const namespace = "observability";
const folder = mkdtempSync(join(tmpdir(), "skopos-proxy-"));
const cluster = {
  name: "c",
  version: "1.35",
  platform: "kubernetes",
  proxy: { url: `http://${hosts.proxy}:3128`, clusterCidrs: ["10.0.0.0/8"] },
} as const;

const gateway = new OtelGatewayChart(new App(), "gateway", {
  namespace,
  cluster,
  replicas: 1,
  tailSampling: { decisionWaitSeconds: 1, latencyThresholdMs: 1, keepPercent: 100 },
  traces: { scheme: "grpc", host: "tempo.example.com", port: 4317, backend: "tempo" },
  logs: { scheme: "http", host: "loki.observability.svc.cluster.local", port: 3100, path: "/otlp" },
});
const webhook = (name: string) => ({ kind: "webhook", name, url: { secret: "hooks", key: name } }) as const;
const metrics = new KubePrometheusChart(new App(), "metrics", {
  namespace,
  agentsNamespace: "agents",
  cluster,
  alerts: { receivers: [webhook("outside"), webhook("inside")] },
});
const urls = {
  outside: "http://hooks.example.com:8080/alerts",
  inside: "http://hook.shop.svc.cluster.local:8080/alerts",
};

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: { name: string; value?: string }[] }[] };
    };
  };
}
const objects = (chart: ComponentChart) => chart.toJson() as readonly Rendered[];

/** The environment of a workload's container, with what Kubernetes adds. */
function environment(chart: ComponentChart): Record<string, string> {
  const workload = objects(chart).find(({ kind }) => kind === "StatefulSet") as Rendered;
  const env = workload.spec.template.spec.containers[0]?.env ?? [];
  const stated = env.flatMap(({ name, value }) => (/PROXY/.test(name) && value ? [[name, value] as const] : []));
  return Object.fromEntries(
    stated.map(([name, value]) => [name, value.replace("$(KUBERNETES_SERVICE_HOST)", "10.96.0.1")]),
  );
}

const running: RunningProgram[] = [];
const received: string[] = [];
let proxy: HttpProxyServer;
let sink: TraceSink;

const hook = createServer((request, response) => {
  received.push(request.url ?? "");
  request.resume().on("end", () => response.end());
});

async function run(program: string, args: readonly string[], health: string, env: Record<string, string> = {}) {
  const started = start(program, args, env);
  running.push(started);
  await ready(started, health);
  return started;
}

let collector: RunningProgram;
let alertmanager: RunningProgram;

beforeAll(async () => {
  sink = await traceSink(address(6));
  proxy = await httpProxy(hosts.proxy, { "tempo.example.com": hosts.tempo, "hooks.example.com": hosts.hook });
  await new Promise<void>((listening) => hook.listen(8080, hosts.hook, listening));

  // The store outside the cluster is a collector too.
  const store = join(folder, "tempo.yaml");
  const otlp = { protocols: { grpc: { endpoint: `${hosts.tempo}:4317` } } };
  const json = { endpoint: `http://${address(6)}:4318`, encoding: "json", compression: "none" };
  const service = {
    extensions: ["health_check"],
    telemetry: { metrics: { level: "none" } },
    pipelines: { traces: { receivers: ["otlp"], exporters: ["otlp_http"] } },
  };
  const extensions = { health_check: { ...healthCheck.health_check, endpoint: `${hosts.tempo}:13133` } };
  writeFileSync(store, stringify({ receivers: { otlp }, exporters: { otlp_http: json }, extensions, service }));
  await run("otelcol", [`--config=${store}`], `http://${hosts.tempo}:13133/`);

  const file = join(folder, "gateway.yaml");
  const rendered = objects(gateway).find(({ data }) => data?.["collector.yaml"])?.data?.["collector.yaml"] as string;
  writeFileSync(file, stringify(offCluster(parse(rendered), { host: hosts.gateway })));
  const env = environment(gateway);
  expect(Object.keys(env).sort()).toEqual(["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]);
  collector = await run("otelcol", [`--config=${file}`], `http://${hosts.gateway}:13133/`, env);

  for (const [name, url] of Object.entries(urls)) writeFileSync(join(folder, name), url);
  const secret = objects(metrics).find(
    ({ kind, stringData }) => kind === "Secret" && stringData?.["alertmanager.yaml"],
  );
  const config = join(folder, "alertmanager.yaml");
  const text = secret?.stringData?.["alertmanager.yaml"] as string;
  writeFileSync(config, text.replaceAll("/etc/alertmanager/secrets/hooks", folder).replaceAll("30s", "0s"));
  alertmanager = await run(
    "alertmanager",
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=${hosts.alertmanager}:9093`,
      "--cluster.listen-address=",
    ],
    `http://${hosts.alertmanager}:9093/-/ready`,
  );
});

afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  await proxy?.close();
  sink?.close();
  hook.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = async (url: string, body: object) => {
  const headers = { "content-type": "application/json" };
  expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).ok).toBe(true);
};

test("a collector sends by gRPC to a store outside through the proxy, and to one inside itself", async () => {
  const at = BigInt(Date.now()) * 1_000_000n;
  const span = { traceId: "1".repeat(32), spanId: "2".repeat(16), name: "GET /", kind: 2 };
  const spans = [{ ...span, startTimeUnixNano: `${at}`, endTimeUnixNano: `${at + 1_000_000_000n}` }];
  await send(`http://${hosts.gateway}:4318/v1/traces`, { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const logRecords = [{ timeUnixNano: `${at}`, body: { stringValue: "hello" } }];
  await send(`http://${hosts.gateway}:4318/v1/logs`, { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  await until("the span", async () => sink.spans.some(({ name }) => name === "GET /"), { explain: collector.output });
  expect(proxy.requests).toContain("CONNECT tempo.example.com:4317");
  // The name exists only in a cluster: the attempt to find it shows that the collector connects itself.
  await until("an attempt", async () => /lookup loki\.observability\.svc\.cluster\.local/.test(collector.output()));
  expect(proxy.requests.filter((each) => each.includes("loki"))).toEqual([]);
});

test("Alertmanager notifies receivers outside through the proxy, and those inside itself", async () => {
  const labels = { alertname: "Down", severity: "critical", namespace: "shop" };
  await send(`http://${hosts.alertmanager}:9093/api/v2/alerts`, [{ labels }]);
  await until("the notification", async () => received.includes("/alerts"), { explain: alertmanager.output });
  expect(proxy.requests).toContain("POST http://hooks.example.com:8080/alerts");
  await until("an attempt", async () => /lookup hook\.shop\.svc\.cluster\.local/.test(alertmanager.output()), {
    explain: alertmanager.output,
  });
  expect(proxy.requests.filter((each) => each.includes(".svc"))).toEqual([]);
});
