import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { GrafanaChart } from "../../components/grafana/index.ts";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { MimirChart } from "../../components/mimir/index.ts";
import { objectOf } from "../../test/support/charts.ts";
import { bypassesProxy, type ClusterFacts, type Edge, outwardPeers, proxyEnvironment } from "./index.ts";

const proxy = { url: "http://10.20.0.5:3128", clusterCidrs: ["10.0.0.0/12", "fd00::/56"], noProxy: [".corp.example"] };
const cluster: ClusterFacts = {
  name: "c",
  version: "1.35",
  platform: "kubernetes",
  nodeCidrs: ["192.168.0.0/24"],
  proxy,
};
const chart = { cluster, home: "observability" };
const namespace = "observability";

test.each([
  ["loki.observability.svc.cluster.local", true],
  ["minio.storage.svc", true],
  ["otel-gateway-collector-0.otel-gateway-collector-headless.observability", true],
  ["10.3.2.1", true],
  ["[fd00::12]", true],
  ["192.168.0.7", true],
  ["169.254.169.254", true],
  ["git.corp.example", true],
  ["localhost", true],
  ["s3.example.com", false],
  ["192.168.1.7", false],
  ["10.16.0.1", false],
  ["notlocalhost", false],
  ["corp.example.com", false],
])("%s is reached directly: %s", (host, direct) => {
  expect(bypassesProxy(chart, host)).toBe(direct);
});

describe("connections to the outside", () => {
  const proxied = { to: { cidrs: ["10.20.0.5/32"] }, ports: [3128], through: true };
  const direct = expect.objectContaining({ ports: [443], through: false });

  test("go to the proxy, unless the host is reached directly", () => {
    expect(outwardPeers(chart, ["s3.example.com"], [443])).toEqual([proxied]);
    expect(outwardPeers(chart, ["git.corp.example"], [443])).toEqual([direct]);
    expect(outwardPeers(chart, ["s3.example.com", "git.corp.example"], [443])).toEqual([proxied, direct]);
  });

  test("of unknown hosts go to the proxy, and to the hosts only if some are reached directly", () => {
    expect(outwardPeers(chart, undefined, [443])).toEqual([proxied, direct]);
    const { noProxy: _, ...all } = proxy;
    expect(outwardPeers({ ...chart, cluster: { ...cluster, proxy: all } }, undefined, [443])).toEqual([proxied]);
  });

  test("are direct without a proxy", () => {
    const { proxy: _, ...without } = cluster;
    expect(outwardPeers({ ...chart, cluster: without }, ["s3.example.com"], [443])).toEqual([direct]);
    expect(proxyEnvironment({ ...chart, cluster: without })).toEqual({});
  });
});

const towards = (edges: readonly Edge[], why: RegExp) =>
  edges.filter((edge) => why.test(edge.why)).map(({ to, ports }) => [to, ports]);

test("Prometheus and Alertmanager, which do not read the environment, have the proxy in their configuration", () => {
  const metrics = new KubePrometheusChart(new App(), "metrics", {
    namespace,
    agentsNamespace: "agents",
    cluster,
    remoteWrite: { scheme: "http", host: "mimir.observability.svc", port: 8080, pods: podsOf("mimir") },
    additionalWrites: [{ name: "w", url: "https://w.example.com/write" }],
    alerts: { receivers: [{ kind: "webhook", name: "hook", url: { secret: "hook", key: "url" } }] },
  });
  const { remoteWrite, containers } = objectOf(metrics, "Prometheus", "kube-prometheus").spec;
  expect(remoteWrite[0]).not.toHaveProperty("proxyUrl");
  expect(remoteWrite[1]).toMatchObject({ proxyUrl: proxy.url, noProxy: expect.stringContaining(".svc") });
  expect(remoteWrite[1].noProxy).not.toContain("KUBERNETES_SERVICE_HOST");
  expect(containers[0].env.map(({ name }: { name: string }) => name)).toContain("HTTPS_PROXY");
  const config = metrics
    .toJson()
    .find(({ kind, stringData }) => kind === "Secret" && stringData?.["alertmanager.yaml"]);
  expect(config?.stringData["alertmanager.yaml"]).toContain(`proxy_url: ${proxy.url}`);
  expect(towards(metrics.edges, /^remote write: w, through the proxy$/)).toEqual([
    [{ cidrs: ["10.20.0.5/32"] }, [3128]],
  ]);
});

test("stores reach their buckets through the proxy, and those inside the cluster do not", () => {
  const edges = (endpoint: string) =>
    towards(
      new MimirChart(new App(), "mimir", {
        namespace,
        cluster,
        bucket: "blocks",
        objectStore: { kind: "s3", endpoint, region: "eu", identity: { role: "r" } },
      }).edges,
      /object storage/,
    );
  expect(edges("s3.example.com").length).toBeGreaterThan(0);
  for (const [to, ports] of edges("s3.example.com")) expect([to, ports]).toEqual([{ cidrs: ["10.20.0.5/32"] }, [3128]]);
  for (const [to, ports] of edges("minio.storage.svc:9000")) {
    expect(ports).toEqual([9000]);
    expect(to).not.toEqual({ cidrs: ["10.20.0.5/32"] });
  }
});

test("containers know the API server, which they reach directly, and a variable of the user's takes precedence", () => {
  const env = (extraEnv?: Record<string, string>) => {
    const grafana = new GrafanaChart(new App(), "grafana", { namespace, cluster, ...(extraEnv && { extraEnv }) });
    return objectOf(grafana, "Deployment", "grafana").spec.template.spec.containers[0].env as {
      name: string;
      value?: string;
    }[];
  };
  const value = (name: string, of = env()) => of.find((each) => each.name === name)?.value;
  expect(value("HTTPS_PROXY")).toBe(proxy.url);
  expect(value("NO_PROXY")).toContain("$(KUBERNETES_SERVICE_HOST)");
  const own = env({ HTTPS_PROXY: "http://other:1" });
  expect(own.filter(({ name }) => name === "HTTPS_PROXY")).toHaveLength(1);
  expect(value("HTTPS_PROXY", own)).toBe("http://other:1");
});

function podsOf(name: string) {
  return { namespace, identity: { name, instance: name, part: name } };
}
