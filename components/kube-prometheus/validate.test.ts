import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { defaultCluster, type Endpoint } from "../../lib/kubernetes/index.ts";
import { retentionProfiles, workloads } from "../../lib/sizing/index.ts";
import { KubePrometheusChart, type KubePrometheusProps, type Receiver, validateKubePrometheus } from "./index.ts";

const mimir: Endpoint = { scheme: "http", host: "mimir", port: 8080, path: "/api/v1/push" };
const namespaces = { namespace: "observability", agentsNamespace: "observability-agents" };
const webhook = (name: string, more: Partial<Receiver> = {}): Receiver =>
  ({ kind: "webhook", name, url: { secret: "hooks", key: "url" }, ...more }) as Receiver;

const route = {
  kind: "ingress",
  host: "prometheus.example.com",
  annotations: { "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com" },
} as const;

const found = (props: Partial<KubePrometheusProps>) =>
  validateKubePrometheus({ ...namespaces, ...props }).map(({ code, at }) => `${code} ${at}`);

test("accepts the defaults, and every scale with a long-term store", () => {
  expect(found({})).toEqual([]);
  for (const workload of Object.values(workloads)) expect(found({ workload, remoteWrite: mimir })).toEqual([]);
});

describe("rejects", () => {
  test.each<[string, Partial<KubePrometheusProps>]>([
    ["SKP1324 route", { workload: workloads.large, remoteWrite: mimir, route }],
    ["SKP1216 remoteRead", { workload: workloads.large, remoteWrite: mimir, remoteRead: mimir }],
    ["SKP1241 shards", { shards: 2 }],
    ["SKP1242 remoteWriteReceiver", { replicas: 2, remoteWriteReceiver: true }],
    ["SKP1221 retention.prometheus", { retention: { ...retentionProfiles.standard, prometheus: 3600 } }],
    ["SKP1219 alerts.receivers[1].name", { alerts: { receivers: [webhook("a"), webhook("a")] } }],
    ["SKP1219 alerts.receivers[0].name", { alerts: { receivers: [webhook("dead-mans-switch")] } }],
    ["SKP1015 alerts.receivers[0].severities", { alerts: { receivers: [webhook("a", { severities: [] })] } }],
    ["SKP1209 nodeExporter", { cluster: { ...defaultCluster, platform: "eks-fargate" }, nodeExporter: true }],
    ["SKP1244 controlPlane", { cluster: { ...defaultCluster, platform: "gke" }, controlPlane: ["etcd"] }],
    ["SKP1318 route.annotations", { route: { kind: "ingress", host: "prometheus.example.com" } }],
    [
      "SKP1318 alerts.route.authentication",
      { alerts: { route: { kind: "gateway", host: "alerts.example.com", gateway: { name: "public" } } } },
    ],
    ["SKP1011 exemplars", { exemplars: -1 }],
    ["SKP1011 workload.activeSeries", { workload: { ...workloads.small, activeSeries: Number.NaN } }],
    ["SKP1011 replicas", { replicas: 0 }],
    ["SKP1011 sizes.alertmanager.replicas", { sizes: { alertmanager: { replicas: 1.5 } } }],
  ])("%s", (finding, props) => {
    expect(found(props)).toEqual([finding]);
  });
});

test("the chart reports every finding at once, with code, place and fix", () => {
  const build = () =>
    new KubePrometheusChart(new App(), "metrics", {
      ...namespaces,
      workload: workloads.large,
      remoteWrite: mimir,
      remoteRead: mimir,
      remoteWriteReceiver: true,
    });
  expect(build).toThrow(
    expect.objectContaining({
      name: "InvalidPropsError",
      component: "KubePrometheusChart",
      message: expect.stringMatching(
        /SKP1216 remoteRead: set, with 4 shards\n {2}fix: .+\nSKP1242 remoteWriteReceiver: true, with 8 Prometheus pods\n {2}fix: /,
      ),
    }),
  );
});
