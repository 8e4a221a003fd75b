import { existsSync, readFileSync } from "node:fs";
import type { IPrometheusSpec } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusSpec";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { defaultCluster, type Endpoint, platforms } from "../../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import type { Alert } from "../../lib/monitoring/rules.ts";
import { scales, workloads } from "../../lib/sizing/index.ts";
import { chartProblems, objectOf } from "../../test/support/charts.ts";
import { KubePrometheusChart, type KubePrometheusProps } from "./index.ts";

const push: Endpoint = {
  scheme: "http",
  host: "mimir.observability.svc",
  port: 8080,
  path: "/api/v1/push",
  headers: { "X-Scope-OrgID": "prod" },
};

const chartOf = (props: Partial<KubePrometheusProps> = {}) =>
  new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    remoteWrite: push,
    cluster: { ...defaultCluster, name: "c1", platform: "eks" },
    ...props,
  });

const prometheusOf = (chart: KubePrometheusChart) =>
  objectOf(chart, "Prometheus", "kube-prometheus").spec as IPrometheusSpec;

const named = (chart: KubePrometheusChart, kind: string) =>
  (chart.toJson() as KubernetesObject[]).filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

describe.each(scales)("%s", (scale) => {
  test("renders valid objects, and monitors that select one Service with the port", () => {
    expect(chartProblems(chartOf({ workload: workloads[scale] }))).toEqual([]);
  });
});

describe.each(platforms)("%s", (platform) => {
  const chart = chartOf({ cluster: { ...defaultCluster, platform } });
  const alerts = chart.ruleGroups
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => ("alert" in rule ? [rule.alert] : []));
  const monitors = [...named(chart, "ServiceMonitor"), ...named(chart, "PodMonitor")];

  test.each([
    ["CoreDNSDown", "kube-prometheus-coredns"],
    ["KubeAPIDown", "kube-prometheus-kube-apiserver"],
    ["KubeControllerManagerDown", "kube-prometheus-kube-controller-manager"],
    ["KubeSchedulerDown", "kube-prometheus-kube-scheduler"],
    ["KubeletDown", "kube-prometheus-kubelet"],
    ["NodeFilesystemAlmostOutOfSpace", "kube-prometheus-node-exporter"],
  ])("deploys %s only together with its monitor", (alert, monitor) => {
    expect(alerts.includes(alert)).toBe(monitors.includes(monitor));
  });

  test("connects only what exists", () => {
    expect(chartProblems(chart)).toEqual([]);
  });
});

test("monitors controller manager, scheduler, etcd and kube-proxy of kubeadm on request, through its own Services", () => {
  const plain = chartOf({
    cluster: defaultCluster,
    controlPlane: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy"],
  });
  expect(named(plain, "ServiceMonitor")).toEqual(
    expect.arrayContaining(["kube-prometheus-etcd", "kube-prometheus-kube-proxy"]),
  );
  expect(objectOf(plain, "Service", "kube-prometheus-kube-proxy").spec).toMatchObject({
    selector: { "k8s-app": "kube-proxy" },
    ports: [{ port: 10_249 }],
  });
  expect(objectOf(plain, "Service", "kube-prometheus-kube-scheduler").metadata.namespace).toBe("kube-system");
  expect(chartProblems(plain)).toEqual([]);
});

test("Alertmanager reaches the receivers of teams: pods of their namespaces, chat services and mail servers", () => {
  const edges = (chart: KubePrometheusChart) =>
    chart.edges
      .filter(({ why }) => why.startsWith("notifications to receivers"))
      .map(({ to, ports }) => [to, [...ports]]);
  expect(edges(chartOf())).toEqual([]);
  expect(edges(chartOf({ alerts: { configNamespaces: ["shop", "web"] } }))).toEqual([
    [{ cidrs: ["0.0.0.0/0", "::/0"] }, [443]],
    [{ cidrs: ["0.0.0.0/0", "::/0"] }, [465, 587]],
    [{ namespace: "shop", selector: {} }, []],
    [{ namespace: "web", selector: {} }, []],
  ]);
});

test("kube-state-metrics exposes labels, annotations and custom resources on request, with the rights to read them", () => {
  const chart = chartOf({
    stateMetrics: {
      labels: { pods: ["team"], namespaces: ["*"] },
      annotations: { nodes: ["example.com/owner"] },
      customResources: [
        { group: "example.com", version: "v1", kind: "Widget", plural: "widgets", metrics: [{ name: "widgets" }] },
      ],
    },
  });
  const name = "kube-prometheus-kube-state-metrics";
  const { args } = objectOf(chart, "Deployment", name).spec.template.spec.containers[0];
  expect(args).toContain("--metric-labels-allowlist=namespaces=[*],pods=[team]");
  expect(args).toContain("--metric-annotations-allowlist=nodes=[example.com/owner]");
  expect(args).toContain("--custom-resource-state-config-file=/etc/kube-state-metrics/custom-resources.yaml");
  const { rules } = chart.toJson().find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name.endsWith(name));
  expect(rules).toContainEqual({ apiGroups: ["example.com"], resources: ["widgets"], verbs: ["list", "watch"] });
  expect(chartProblems(chart)).toEqual([]);
});

describe("remote write to Mimir", () => {
  test("adds the replica label by relabeling, since an external label would break remote read", () => {
    const spec = prometheusOf(chartOf({ workload: workloads.medium }));
    expect(spec).toMatchObject({
      replicas: 2,
      shards: 1,
      replicaExternalLabelName: "",
      prometheusExternalLabelName: "",
      externalLabels: { cluster: "c1" },
    });
    expect(Object.keys(spec.externalLabels ?? {})).toEqual(["cluster"]);
    expect(spec.remoteWrite).toHaveLength(1);
    expect(spec.remoteWrite?.[0]).toMatchObject({
      url: "http://mimir.observability.svc:8080/api/v1/push",
      headers: { "X-Scope-OrgID": "prod" },
      writeRelabelConfigs: [
        { targetLabel: "__replica__", replacement: "$(POD_NAME)" },
        { targetLabel: "prometheus_shard", replacement: "c1/$(SHARD)" },
      ],
    });
  });

  test("adds a label by which Mimir groups replicas, since series may have a `cluster` of their own", () => {
    const large = chartOf({ workload: workloads.large });
    expect(prometheusOf(large).remoteWrite?.[0]?.writeRelabelConfigs).toEqual([
      { action: "replace", targetLabel: "__replica__", replacement: "$(POD_NAME)" },
      { action: "replace", targetLabel: "prometheus_shard", replacement: "c1/$(SHARD)" },
    ]);
    expect(large.haClusterLabel).toBe("prometheus_shard");
    expect(chartOf({ workload: workloads.medium }).haClusterLabel).toBe("prometheus_shard");
    const queries = large.ruleGroups.flatMap(({ rules }) => rules.map(({ expr }) => expr)).join("\n");
    expect(queries).not.toContain("prometheus_shard");
  });

  test("is complemented by remote read for samples older than the local blocks", () => {
    const remoteRead = { ...push, path: "/prometheus/api/v1/read" };
    const spec = prometheusOf(chartOf({ remoteRead }));
    expect(spec.remoteRead).toEqual([
      {
        url: "http://mimir.observability.svc:8080/prometheus/api/v1/read",
        headers: { "X-Scope-OrgID": "prod" },
        readRecent: false,
      },
    ]);
  });
});

test("publishes a remote-write endpoint of a single Prometheus on request", () => {
  expect(chartOf().endpoints.remoteWrite).toBeUndefined();
  const chart = chartOf({ remoteWriteReceiver: true });
  expect(chart.endpoints.remoteWrite).toMatchObject({ port: 9090, path: "/api/v1/write" });
  expect(prometheusOf(chart).enableRemoteWriteReceiver).toBe(true);
});

describe("monitors and rules of teams", () => {
  const own = "skopos-observability";

  test("are selected by the well-known label in every namespace, or all of them", () => {
    const labelled = { matchLabels: { release: "kube-prometheus-stack" } };
    expect(prometheusOf(chartOf())).toMatchObject({
      serviceMonitorSelector: labelled,
      serviceMonitorNamespaceSelector: {},
      ruleSelector: labelled,
      ruleNamespaceSelector: {},
    });
    expect(prometheusOf(chartOf({ watchAllMonitors: true })).serviceMonitorSelector).toEqual({});
  });

  test("are selected beside those of the own stack, and not those of other stacks", () => {
    const chart = chartOf({ stack: "observability" });
    const found = { matchExpressions: [{ key: "release", operator: "In", values: ["kube-prometheus-stack", own] }] };
    expect(prometheusOf(chart)).toMatchObject({ serviceMonitorSelector: found, ruleSelector: found });
    const selected = (chart.toJson() as KubernetesObject[]).filter(({ kind }) =>
      /Monitor$|^PrometheusRule$/.test(kind),
    );
    expect(selected.length).toBeGreaterThan(3);
    for (const { metadata } of selected) expect(metadata.labels?.release, metadata.name).toBe(own);
  });

  test("have scrape limits even if they set none", () => {
    expect(prometheusOf(chartOf())).toMatchObject({ sampleLimit: 100_000, targetLimit: 5_000, labelLimit: 40 });
    for (const monitor of chartOf().toJson() as KubernetesObject[]) {
      if (!/^(Service|Pod)Monitor$/.test(monitor.kind)) continue;
      expect(monitor.spec, monitor.metadata.name).toMatchObject({
        sampleLimit: expect.any(Number),
        targetLimit: expect.any(Number),
        labelLimit: expect.any(Number),
      });
    }
  });

  test("cannot read files of the Prometheus pod", () => {
    expect(prometheusOf(chartOf()).arbitraryFSAccessThroughSMs).toEqual({ deny: true });
  });
});

test("deletes blocks by age and by size, at 80 % of the volume at most", () => {
  const spec = prometheusOf(chartOf({ workload: workloads.medium }));
  const gibibytes = Number.parseInt(String(spec.storage?.volumeClaimTemplate?.spec?.resources?.requests?.storage), 10);
  expect(spec.retention).toBe("15d");
  expect(Number.parseInt(String(spec.retentionSize), 10)).toBeLessThanOrEqual(gibibytes * 1024 * 0.8);
});

describe("a pair of Prometheus", () => {
  test("has a Service with client affinity, and a disruption budget per shard", () => {
    const pair = chartOf({ workload: workloads.medium });
    expect(objectOf(pair, "Service", "kube-prometheus-prometheus").spec.sessionAffinity).toBe("ClientIP");
    expect(named(pair, "PodDisruptionBudget")).toEqual(["kube-prometheus-alertmanager", "kube-prometheus-prometheus"]);
    expect(objectOf(chartOf(), "Service", "kube-prometheus-prometheus").spec.sessionAffinity).toBeUndefined();
    const budgets = named(chartOf({ workload: workloads.large }), "PodDisruptionBudget");
    expect(budgets.filter((name) => name.includes("prometheus-shard-"))).toHaveLength(4);
  });
});

test("the plan includes the pods that the operator creates, with their config reloaders", () => {
  const { footprints, sizing } = chartOf({ workload: workloads.large });
  const prometheus = footprints.find(({ name }) => name === "prometheus-kube-prometheus");
  expect(prometheus?.perPod.replicas).toBe(8);
  expect(prometheus?.perPod.memoryBytes).toBe(sizing.prometheus.memoryBytes + 32 * 1024 * 1024);
  expect(footprints.some(({ name }) => name === "alertmanager-kube-prometheus")).toBe(true);
});

test("rules about the alerting pipeline are local and do not aggregate series, since a shard only has some", () => {
  const local = chartOf({ evaluator: "mimir" }).ruleGroups.filter(({ local }) => local);
  expect(local.map(({ name }) => name)).toEqual(["watchdog", "prometheus", "alertmanager", "prometheus-operator"]);
  for (const { expr } of local.flatMap(({ rules }) => rules)) expect(expr).not.toMatch(/absent|\bby\b|\bcount\b/);
});

test("routes authenticate users, are admitted, and start the links of alerts", () => {
  const login = { "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/oauth2/auth" };
  const authentication = { group: "traefik.io", kind: "Middleware", name: "oidc" };
  const chart = chartOf({
    route: { kind: "ingress", host: "prometheus.example.com", annotations: login },
    alerts: { route: { kind: "gateway", host: "alerts.example.com", gateway: { name: "public" }, authentication } },
  });
  expect(objectOf(chart, "Ingress", "kube-prometheus-prometheus")).toMatchObject({
    metadata: { annotations: login },
    spec: { rules: [{ host: "prometheus.example.com" }] },
  });
  expect(objectOf(chart, "HTTPRoute", "kube-prometheus-alertmanager").spec).toMatchObject({
    hostnames: ["alerts.example.com"],
    rules: [
      {
        filters: [{ type: "ExtensionRef", extensionRef: authentication }],
        backendRefs: [{ name: "kube-prometheus-alertmanager", port: 9093 }],
      },
    ],
  });
  expect(prometheusOf(chart).externalUrl).toBe("https://prometheus.example.com");
  expect(objectOf(chart, "Alertmanager", "kube-prometheus").spec).toMatchObject({
    externalUrl: "https://alerts.example.com",
  });
  const admitted = chart.edges.filter(({ from }) => from === "load balancers");
  expect(admitted.map(({ ports }) => ports)).toEqual([[9093], [9090]]);
  expect(chartOf().edges.some(({ from }) => from === "load balancers")).toBe(false);
});

describe("an externally managed Alertmanager or Prometheus", () => {
  const outside: Endpoint = { scheme: "https", host: "am.example.org", port: 443, path: "/am" };

  test("is used instead of deploying one", () => {
    const chart = chartOf({ external: { alertmanager: outside } });
    expect(named(chart, "Alertmanager")).toEqual([]);
    expect(chart.endpoints.alertmanager).toBe(outside);
    const { stringData } = objectOf(chart, "Secret", "kube-prometheus-external-alertmanager") as unknown as {
      stringData: Record<string, string>;
    };
    expect(stringData["alertmanagers.yaml"]).toContain("am.example.org:443");
    expect(chart.ruleGroups.map(({ name }) => name)).not.toContain("alertmanager");
    expect(chartProblems(chart)).toEqual([]);
  });

  test("removes the connections of the deployed one", () => {
    const chart = chartOf({ external: { prometheus: { ...outside, host: "prom.example.org" } } });
    expect(named(chart, "Prometheus")).toEqual([]);
    expect(
      chart.edges.filter(
        ({ from }) => typeof from === "object" && "identity" in from && from.identity.part === "prometheus",
      ),
    ).toEqual([]);
    chart.connectScrapes([{ pods: chart.pods("x"), port: 1 }]);
    expect(chart.edges.some(({ why }) => why === "scrape")).toBe(false);
  });
});

test("keeps node rules without node-exporter if host metrics come from elsewhere", () => {
  const off = chartOf({ nodeExporter: false });
  expect(named(off, "DaemonSet")).toEqual([]);
  expect(off.ruleGroups.map(({ name }) => name)).not.toContain("nodes");
  expect(chartOf({ nodeExporter: false, hostMetrics: true }).ruleGroups.map(({ name }) => name)).toContain("nodes");
});

test("keeps CRDs when the stack is deleted, and rejects downgrades", () => {
  const chart = chartOf({ crds: true });
  const definitions = (chart.toJson() as KubernetesObject[]).filter(({ kind }) => kind === "CustomResourceDefinition");
  expect(definitions).toHaveLength(10);
  for (const { metadata } of definitions) {
    const { annotations } = metadata as { annotations?: Record<string, string> };
    expect(annotations).toMatchObject({ "skopos.dev/keep": "true", "operator.prometheus.io/version": "0.93.1" });
  }
  expect(named(chart, "ValidatingAdmissionPolicy")).toEqual(["kube-prometheus-no-crd-downgrade"]);
  expect(named(chartOf(), "CustomResourceDefinition")).toEqual([]);
});

test("every alert has a runbook", () => {
  const chart = chartOf({
    cluster: defaultCluster,
    controlPlane: ["kube-apiserver", "coredns", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy"],
  });
  const alerts = chart.ruleGroups.flatMap(({ rules }) => rules).filter((rule): rule is Alert => "alert" in rule);
  expect(alerts.length).toBeGreaterThan(50);
  const missing = alerts.filter(({ alert }) => {
    const page = new URL(`../../docs/runbooks/${alert}.md`, import.meta.url);
    return (
      !existsSync(page) ||
      !/## Meaning[\s\S]*## Impact[\s\S]*## Diagnosis[\s\S]*## Mitigation/.test(readFileSync(page, "utf8"))
    );
  });
  expect(missing.map(({ alert }) => alert)).toEqual([]);
});

test("a replica label that is stated is set for a single replica, too", () => {
  const labels = (replicas: number, replicaLabel?: string) => {
    const additionalWrites = [
      { name: "vendor", url: "https://example.com/write", ...(replicaLabel && { replicaLabel }) },
    ];
    const { spec } = objectOf(chartOf({ replicas, additionalWrites }), "Prometheus", "kube-prometheus");
    const write = spec.remoteWrite.find(({ name }: { name: string }) => name === "vendor");
    return write.writeRelabelConfigs.map(({ targetLabel }: { targetLabel: string }) => targetLabel);
  };
  expect([labels(1), labels(2), labels(1, "replica"), labels(2, "replica")]).toEqual([
    [],
    ["prometheus_replica"],
    ["replica"],
    ["replica"],
  ]);
});
