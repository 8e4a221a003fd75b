import { App } from "cdk8s";
import { expect, test } from "vitest";
import type { ClusterFacts, ComponentChart, KubernetesObject } from "../lib/kubernetes/index.ts";
import { AlloyChart } from "./alloy/index.ts";
import { FlowAgentChart } from "./flow-agent/index.ts";
import { GrafanaChart } from "./grafana/index.ts";
import { KubePrometheusChart } from "./kube-prometheus/index.ts";
import { LokiChart } from "./loki/index.ts";
import { MimirChart } from "./mimir/index.ts";
import { OtelAgentChart } from "./otel-agent/index.ts";
import { OtelGatewayChart } from "./otel-gateway/index.ts";
import { PushgatewayChart } from "./pushgateway/index.ts";
import { TracesChart } from "./traces/index.ts";

const common = { namespace: "observability" };
const otlp = { scheme: "grpc", host: "gateway", port: 4317 } as const;
const charts: Readonly<Record<string, (cluster: ClusterFacts) => ComponentChart>> = {
  alloy: (cluster) => new AlloyChart(new App(), "a", { ...common, cluster }),
  "flow-agent": (cluster) => new FlowAgentChart(new App(), "a", { ...common, cluster, flows: otlp }),
  grafana: (cluster) => new GrafanaChart(new App(), "a", { ...common, cluster }),
  "kube-prometheus": (cluster) =>
    new KubePrometheusChart(new App(), "a", { ...common, cluster, agentsNamespace: "agents" }),
  loki: (cluster) => new LokiChart(new App(), "a", { ...common, cluster }),
  mimir: (cluster) => new MimirChart(new App(), "a", { ...common, cluster }),
  "otel-agent": (cluster) => new OtelAgentChart(new App(), "a", { ...common, cluster, gateway: { otlp } }),
  "otel-gateway": (cluster) => new OtelGatewayChart(new App(), "a", { ...common, cluster }),
  pushgateway: (cluster) => new PushgatewayChart(new App(), "a", { ...common, cluster }),
  traces: (cluster) => new TracesChart(new App(), "a", { ...common, cluster }),
};

const base: ClusterFacts = { name: "c", version: "1.36", platform: "kubernetes" };
const servicesOf = (chart: ComponentChart) =>
  (chart.toJson() as KubernetesObject[]).filter(({ kind }) => kind === "Service");

test.each(Object.entries(charts))("%s has Services of both families in a dual-stack cluster only", (_, chart) => {
  expect(servicesOf(chart(base)).map(({ spec }) => spec.ipFamilyPolicy)).toEqual(
    servicesOf(chart(base)).map(() => undefined),
  );
  for (const { spec } of servicesOf(chart({ ...base, ipFamilies: ["IPv4", "IPv6"] })))
    expect(spec.ipFamilyPolicy).toBe(spec.clusterIP === "None" ? undefined : "PreferDualStack");
});

test.each(Object.entries(charts))("%s rejects a cluster whose primary family is IPv6", (_, chart) => {
  expect(() => chart({ ...base, ipFamilies: ["IPv6"] })).toThrow("SKP1260 cluster.ipFamilies");
  expect(() => chart({ ...base, ipFamilies: ["IPv6", "IPv4"] })).toThrow("SKP1260 cluster.ipFamilies");
  expect(() => chart({ ...base, nodeCidrs: ["fd00::/64"] })).toThrow("SKP1260 cluster.nodeCidrs");
});
