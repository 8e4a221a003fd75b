// Stack files and charts in a program reject the same values, by the same parser, and accept the rest.
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { AlloyChart } from "../components/alloy/index.ts";
import { GrafanaChart } from "../components/grafana/index.ts";
import { KubePrometheusChart } from "../components/kube-prometheus/index.ts";
import { LokiChart } from "../components/loki/index.ts";
import { MimirChart } from "../components/mimir/index.ts";
import { OtelAgentChart } from "../components/otel-agent/index.ts";
import { OtelGatewayChart } from "../components/otel-gateway/index.ts";
import { PushgatewayChart } from "../components/pushgateway/index.ts";
import { TracesChart } from "../components/traces/index.ts";
import { InvalidPropsError } from "../lib/sizing/index.ts";
import { type Chart, endpoint, gateway, s3, stackBase, table, type Value } from "../test/support/rejected-values.ts";
import { ConfigurationError } from "./problem.ts";
import { resolve } from "./resolve.ts";

/** Codes with which a stack file is rejected. */
function stackCodes(config: Value): readonly string[] {
  try {
    resolve({ ...stackBase, ...config }, { stack: "s" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ code }) => code);
    throw error;
  }
  return [];
}

/** Codes with which a chart is rejected. */
function chartCodes(chart: Chart, props: Value): readonly string[] {
  const base = { namespace: "n", ...(chart === OtelAgentChart && { gateway }) };
  const stores = [LokiChart, MimirChart].includes(chart as never) ? { objectStore: s3 } : {};
  const agents = chart === KubePrometheusChart ? { agentsNamespace: "a" } : {};
  try {
    new chart(new App(), "c", { ...base, ...stores, ...agents, ...props } as never);
  } catch (error) {
    if (error instanceof InvalidPropsError) return error.findings.map(({ code }) => code);
    throw error;
  }
  return [];
}

describe("an invalid value is rejected by the stack file and by the chart", () => {
  test.each(table)("%s", (_, key, chart, prop, bad) => {
    for (const value of bad) {
      expect({ value, stack: stackCodes(key(value)).length > 0 }).toEqual({ value, stack: true });
      expect({ value, chart: chartCodes(chart, prop(value)).length > 0 }).toEqual({ value, chart: true });
    }
  });
});

describe("a valid value is accepted by both", () => {
  test.each(table)("%s", (_, key, chart, prop, __, good) => {
    for (const value of good) {
      expect({ value, stack: stackCodes(key(value)) }).toEqual({ value, stack: [] });
      expect({ value, chart: chartCodes(chart, prop(value)) }).toEqual({ value, chart: [] });
    }
  });
});

test("a chart reports every mistake at once, and repeats no secret", () => {
  const password = "Sup3rS3cr3tT0kenOfMine00";
  const make = () =>
    new GrafanaChart(new App(), "g", {
      namespace: "N",
      host: "https://g",
      encryptionKey: { secret: password, key: "a/b" },
      size: { memoryBytes: Number.NaN },
    });
  expect(make).toThrow(InvalidPropsError);
  try {
    make();
  } catch (error) {
    expect((error as InvalidPropsError).findings.map(({ code, at }) => `${code} ${at}`)).toEqual([
      "SKP1012 namespace",
      "SKP1011 size.memoryBytes",
      "SKP1012 encryptionKey.secret",
      "SKP1012 encryptionKey.key",
      "SKP1012 host",
    ]);
    expect((error as Error).message).not.toContain(password);
  }
});

test.each([
  [
    LokiChart,
    { ingestion_rate_mb: "fast", retention_period: "2w", retention_stream: {} },
    ["ingestion_rate_mb", "retention_stream"],
  ],
  [
    MimirChart,
    { max_global_series_per_user: "1M", ha_cluster_label: "c", request_rate: Number.NaN },
    ["max_global_series_per_user", "request_rate"],
  ],
] as const)("%o rejects limits of tenants whose values the program does not read", (chart, limits, rejected) => {
  const make = () => new (chart as Chart)(new App(), "c", { namespace: "n", tenants: { payments: limits } } as never);
  try {
    make();
    expect.unreachable();
  } catch (error) {
    const { findings } = error as InvalidPropsError;
    expect(findings.map(({ code, at }) => `${code} ${at}`)).toEqual(
      rejected.map((name) => `SKP1012 tenants.payments.${name}`),
    );
    expect(JSON.stringify(findings)).not.toContain("null");
  }
});

/** Props that a program without types can hand over. */
const wild: readonly (readonly [Chart, Value])[] = [
  [LokiChart, { tenant: null }],
  [LokiChart, { tenant: 5 }],
  [LokiChart, { retention: { loki: "15d" } }],
  [LokiChart, { retention: { loki: Number.POSITIVE_INFINITY } }],
  [LokiChart, { streamRetention: "debug" }],
  [LokiChart, { streamRetention: [null] }],
  [LokiChart, { objectStore: "s3" }],
  [LokiChart, { objectStore: { ...s3, endpoint: {} } }],
  [LokiChart, { objectStore: { ...s3, insecure: "false" } }],
  [LokiChart, { mode: "simple-scalable" }],
  [LokiChart, { overrides: { loki: { replicas: 1.5 } } }],
  [LokiChart, { overrides: { loki: { memoryBytes: -1 } } }],
  [LokiChart, { workload: { activeSeries: Number.NaN } }],
  [LokiChart, { alertmanager: { scheme: "http", host: "http://am", port: 9093 } }],
  [MimirChart, { tenants: { "a/b": {} } }],
  [MimirChart, { tenants: { a: { "Max Series": 1 } } }],
  [MimirChart, { haClusterLabel: "my-cluster" }],
  [MimirChart, { gatewayRoute: { gateway: { name: "G", namespace: "n" }, hostnames: ["https://m"] } }],
  [MimirChart, { promotedResourceAttributes: ["a", "a"] }],
  [MimirChart, { bucket: "" }],
  [TracesChart, { keepPercent: 101 }],
  [TracesChart, { backend: "zipkin" }],
  [TracesChart, { metrics: { scheme: "http", host: "m", port: 0 } }],
  [AlloyChart, { logs: { scheme: "http", host: "loki", port: 3100.5 } }],
  [AlloyChart, { size: { cpuCores: 0 } }],
  [AlloyChart, { hostMetrics: "yes" }],
  [OtelAgentChart, { gateway: { otlp: { ...endpoint, headers: { "a b": "c" } } } }],
  [OtelAgentChart, { detectors: ["my-cloud"] }],
  [OtelGatewayChart, { tailSampling: { decisionWaitSeconds: 1, keepPercent: "50", latencyThresholdMs: 1 } }],
  [OtelGatewayChart, { replicas: Number.NaN }],
  [PushgatewayChart, { series: "many" }],
  [PushgatewayChart, { name: "Push Gateway" }],
  [KubePrometheusChart, { controlPlane: ["etcd", "etcd"] }],
  [KubePrometheusChart, { external: { prometheus: { scheme: "ftp", host: "p", port: 1 } } }],
  [GrafanaChart, { provisioning: "files" }],
  [GrafanaChart, { host: "10.0.0.1", route: { kind: "ingress" } }],
  [GrafanaChart, { replicas: "2" }],
];

test.each(wild)("%o with %o is refused", (chart, props) => {
  expect(chartCodes(chart, props)).not.toEqual([]);
});
