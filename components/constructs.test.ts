import { App, Chart } from "cdk8s";
import * as kplus from "cdk8s-plus-28";
import { describe, expect, test } from "vitest";
import type { ComponentChart } from "../lib/kubernetes/index.ts";
import { endpointOf, podsOf } from "../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../lib/kubernetes/object.ts";
import { InvalidPropsError, retentionProfiles, workloads } from "../lib/sizing/index.ts";
import { GrafanaChart } from "./grafana/index.ts";
import { KubePrometheusChart } from "./kube-prometheus/index.ts";
import { LokiChart } from "./loki/index.ts";
import { MimirChart } from "./mimir/index.ts";
import { NetworkPoliciesChart } from "./network-policies/index.ts";
import { OtelGatewayChart } from "./otel-gateway/index.ts";
import { TracesChart } from "./traces/index.ts";

const app = new App();
const own = new Chart(app, "own", { namespace: "shop" });
const pods = { containers: [{ image: "registry.example/checkout:1.0.0", portNumber: 8080 }] };
const checkout = new kplus.Deployment(own, "checkout", pods);
const cart = new kplus.StatefulSet(own, "cart", {
  ...pods,
  service: new kplus.Service(own, "carts", { ports: [{ port: 80 }] }),
});
const agent = new kplus.DaemonSet(own, "agent", { ...pods, hostNetwork: true });
const minio = new kplus.Service(own, "minio", {
  selector: cart,
  ports: [
    { name: "console", port: 9001 },
    { name: "api", port: 80, targetPort: 9000 },
  ],
});

let charts = 0;
const chartOf = <T extends ComponentChart>(make: (id: string) => T): T => make(`chart-${charts++}`);

/** Rules of the NetworkPolicy of one workload, from the edges that a chart declares. */
function policyOf(chart: ComponentChart, name: string) {
  const policies = chartOf((id) => new NetworkPoliciesChart(app, id, { namespace: "obs", allowed: chart.edges }));
  const objects = policies.toJson() as KubernetesObject[];
  return { objects, spec: objects.find(({ metadata }) => metadata.name === name)?.spec };
}

/** Every egress rule that the NetworkPolicies of a chart's edges have. */
const egressOf = (chart: ComponentChart): object[] =>
  policyOf(chart, "").objects.flatMap(({ spec }) => spec.egress ?? []);

const namespaced = (namespace: string, matchLabels: object) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels },
});

const redundant = { namespace: "obs", workload: workloads.small, retention: retentionProfiles.standard } as const;
const s3 = { kind: "s3", region: "eu-central-1" } as const;

describe("workloads of cdk8s-plus", () => {
  test.each([
    ["Deployment", checkout],
    ["StatefulSet", cart],
  ])("a %s is a peer by its own selector", (_, workload) => {
    expect(podsOf(workload)).toEqual({ namespace: "shop", selector: { matchLabels: workload.matchLabels } });
    expect(Object.keys(workload.matchLabels)).toHaveLength(1);
  });

  test("pods on the host's network are reached by the nodes' addresses", () => {
    const cluster = { name: "prod", version: "1.35", platform: "eks", nodeCidrs: ["10.30.0.0/16"] } as const;
    const policies = new NetworkPoliciesChart(app, "host-network", {
      namespace: "obs",
      cluster,
      allowed: [
        {
          from: { namespace: "obs", identity: { name: "a", instance: "a", part: "a" } },
          to: agent,
          ports: [9100],
          why: "scrape",
        },
      ],
    });
    const policy = (policies.toJson() as KubernetesObject[]).find(({ metadata }) => metadata.name === "a");
    expect(policy?.spec.egress[1]).toEqual({
      to: [{ ipBlock: { cidr: "10.30.0.0/16" } }],
      ports: [{ port: 9100, protocol: "TCP" }],
    });
  });

  test("Prometheus reaches the metrics port of a workload that its monitors select", () => {
    const metrics = chartOf((id) => new KubePrometheusChart(app, id, { namespace: "obs", agentsNamespace: "agents" }));
    metrics.connectScrapes([{ pods: checkout, port: 9464 }]);
    expect(egressOf(metrics)).toContainEqual({
      to: [namespaced("shop", checkout.matchLabels)],
      ports: [{ port: 9464, protocol: "TCP" }],
    });
  });

  test("a workload that selects every pod of its namespace is rejected", () => {
    const job = new kplus.Deployment(own, "unselective", { ...pods, select: false });
    expect(() => podsOf(job)).toThrow("own/unselective has no selector");
  });

  test("only the Gateway's own pods reach Mimir through its route, and they get no policy", () => {
    const mimir = chartOf(
      (id) =>
        new MimirChart(app, id, {
          ...redundant,
          availability: "single",
          gatewayRoute: {
            gateway: { name: "public", namespace: "shop" },
            hostnames: ["mimir.example.com"],
            from: checkout,
          },
        }),
    );
    const { spec, objects } = policyOf(mimir, "mimir");
    const from = spec.ingress.flatMap((rule: { from: object[] }) => rule.from);
    expect(from).toContainEqual(namespaced("shop", checkout.matchLabels));
    expect(objects.map(({ metadata }) => metadata.namespace)).not.toContain("shop");
  });
});

describe("Services of cdk8s-plus", () => {
  test("are endpoints with the pods and the pods' port behind them", () => {
    expect(endpointOf(minio, { port: "api", scheme: "https", path: "/v1" })).toEqual({
      scheme: "https",
      host: `${minio.name}.shop.svc`,
      port: 80,
      targetPort: 9000,
      path: "/v1",
      pods: { namespace: "shop", selector: { matchLabels: cart.matchLabels } },
    });
    expect(endpointOf(minio).port).toBe(9001);
    expect(() => endpointOf(minio, { port: "grpc" })).toThrow("own/minio has no port grpc");
  });

  test("an ExternalName Service is an endpoint outside the cluster", () => {
    const external = new kplus.Service(own, "external", {
      type: kplus.ServiceType.EXTERNAL_NAME,
      externalName: "loki.example.com",
      ports: [{ port: 443 }],
    });
    expect(endpointOf(external, { scheme: "https" })).toEqual({ scheme: "https", host: "loki.example.com", port: 443 });
  });

  test("receive what a component sends, and the policy allows nothing else on that port", () => {
    const loki = new kplus.Service(own, "loki", { selector: checkout, ports: [{ port: 80, targetPort: 3100 }] });
    const gateway = chartOf(
      (id) => new OtelGatewayChart(app, id, { namespace: "obs", logs: endpointOf(loki, { path: "/otlp" }) }),
    );
    expect(JSON.stringify(gateway.toJson())).toContain(`http://${loki.name}.shop.svc:80/otlp`);
    const { spec } = policyOf(gateway, "otel-gateway");
    const allowed = spec.egress.filter((rule: { ports: object[] }) => JSON.stringify(rule.ports).includes("3100"));
    expect(allowed).toEqual([
      { to: [namespaced("shop", checkout.matchLabels)], ports: [{ port: 3100, protocol: "TCP" }] },
    ]);
  });

  const api = new kplus.Service(own, "store", { selector: cart, ports: [{ port: 80, targetPort: 9000 }] });
  const stores: Record<string, (id: string) => ComponentChart> = {
    mimir: (id: string) =>
      new MimirChart(app, id, {
        ...redundant,
        bucket: "data",
        objectStore: { ...s3, endpoint: api, insecure: true, identity: {} },
      }),
    loki: (id: string) =>
      new LokiChart(app, id, {
        ...redundant,
        bucket: "data",
        objectStore: { ...s3, endpoint: api, insecure: true, identity: {} },
      }),
    tempo: (id: string) =>
      new TracesChart(app, id, {
        ...redundant,
        backend: "tempo",
        availability: "single",
        bucket: "data",
        objectStore: { ...s3, endpoint: api, insecure: true, identity: {} },
      }),
  };
  test.each(Object.entries(stores))("are the object storage of %s", (_, make) => {
    const chart = chartOf(make);
    expect(JSON.stringify(chart.toJson())).toContain(`endpoint: ${api.name}.shop.svc:80`);
    expect(egressOf(chart)).toContainEqual({
      to: [namespaced("shop", cart.matchLabels)],
      ports: [{ port: 9000, protocol: "TCP" }],
    });
  });

  test("are Grafana's database and Tempo's Kafka", () => {
    const database = { host: api, name: "grafana", user: "grafana", password: { secret: "db", key: "password" } };
    const grafana = chartOf((id) => new GrafanaChart(app, id, { namespace: "obs", database }));
    expect(JSON.stringify(grafana.toJson())).toContain(`host = ${api.name}.shop.svc:80`);
    expect(egressOf(grafana)).toContainEqual({
      to: [namespaced("shop", cart.matchLabels)],
      ports: [{ port: 9000, protocol: "TCP" }],
    });
    const traces = chartOf(
      (id) =>
        new TracesChart(app, id, {
          ...redundant,
          backend: "tempo",
          mode: "microservices",
          kafka: { address: api },
          bucket: "data",
          objectStore: { kind: "gcs", identity: {} },
        }),
    );
    expect(JSON.stringify(traces.toJson())).toContain(`address: ${api.name}.shop.svc:80`);
    expect(egressOf(traces)).toContainEqual({
      to: [namespaced("shop", cart.matchLabels)],
      ports: [{ port: 9000, protocol: "TCP" }],
    });
  });
});

describe("ServiceAccounts of cdk8s-plus", () => {
  const account = new kplus.ServiceAccount(own, "buckets", { metadata: { namespace: "obs" } });
  const imported = kplus.ServiceAccount.fromServiceAccountName(own, "imported", "existing", { namespaceName: "obs" });
  test.each([
    ["created in the program", account, account.name],
    ["that already exists", imported, "existing"],
  ])("one %s is the identity of a store's pods, which then have none of their own", (_, identity, name) => {
    const makers: ((id: string) => ComponentChart)[] = [
      (id) => new MimirChart(app, id, { ...redundant, bucket: "data", objectStore: { kind: "gcs", identity } }),
      (id: string) => new LokiChart(app, id, { ...redundant, bucket: "data", objectStore: { kind: "gcs", identity } }),
      (id: string) =>
        new TracesChart(app, id, {
          ...redundant,
          backend: "tempo",
          availability: "single",
          bucket: "data",
          objectStore: { kind: "gcs", identity },
        }),
    ];
    for (const make of makers) {
      const objects = chartOf(make).toJson() as KubernetesObject[];
      const templates = objects.flatMap(({ kind, spec }) =>
        /StatefulSet|Deployment/.test(kind) ? [spec.template.spec] : [],
      );
      expect(templates.length).toBeGreaterThan(0);
      expect(templates.map(({ serviceAccountName }) => serviceAccountName)).toEqual(templates.map(() => name));
      expect(objects.filter(({ kind }) => kind === "ServiceAccount")).toEqual([]);
    }
  });

  test("one in another namespace is rejected", () => {
    const elsewhere = new kplus.ServiceAccount(own, "elsewhere");
    const objectStore = { kind: "gcs", identity: elsewhere } as const;
    const make = () => chartOf((id) => new LokiChart(app, id, { ...redundant, bucket: "data", objectStore }));
    expect(make).toThrow(InvalidPropsError);
    expect(make).toThrow('is in namespace "shop", the pods are in "obs"');
  });
});
