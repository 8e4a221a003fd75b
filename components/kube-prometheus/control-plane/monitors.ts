import type { IEndpoint } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Endpoint";
import type { IRelabelConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/RelabelConfig";
import {
  apiServerPorts,
  type ComponentChart,
  kubeletPort,
  monitorLabels,
  type Pods,
  scrapeLimits,
} from "../../../lib/kubernetes/index.ts";
import { type ControlPlanePart, type ControlPlaneTarget, exposed, scrapeClass } from "./targets.ts";

const part = "cluster";
const apiVersion = "monitoring.coreos.com/v1";

/** Drops metrics by name. */
const drop = (...names: string[]): IRelabelConfig => ({
  action: "drop",
  sourceLabels: ["__name__"],
  regex: names.join("|"),
});

/** cAdvisor's largest metrics that no rule or dashboard uses, and series of cgroups that do not belong to a container. */
const cadvisorDrops: readonly IRelabelConfig[] = [
  drop(
    "container_(tasks_state|memory_failures_total|memory_failcnt|blkio_device_usage_total|last_seen)",
    "container_network_(tcp|tcp6|udp|udp6)_usage_total",
    "container_fs_(io_current|io_time_seconds_total|io_time_weighted_seconds_total|sector_(reads|writes)_total)",
    "container_spec_(cpu_shares|memory_swap_limit_bytes|memory_reservation_limit_bytes)",
  ),
  {
    action: "drop",
    sourceLabels: ["__name__", "pod", "namespace"],
    regex:
      "(container_spec_.*|container_file_descriptors|container_sockets|container_threads.*|container_start_time.*);;",
  },
];

/** Histograms by verb, resource and bucket, which make up most of the API server's series. */
const apiServerDrops: readonly IRelabelConfig[] = [
  drop(
    "apiserver_request_(slo_duration|body_size|filter_duration).*_bucket",
    "apiserver_(response_sizes|watch_events_sizes|watch_cache_read_wait_seconds|admission_(controller|step)_admission_duration_seconds)_bucket",
    "apiserver_(cel|flowcontrol_(priority_level_(seat_utilization|request_utilization)|work_estimated_seats)).*_bucket",
    "etcd_(request_duration|bookmark_counts|object_counts).*_bucket",
    "workqueue_(queue|work)_duration_seconds_bucket",
  ),
  // Rules of the service level objective ask for requests within 1, 5 and 30 s.
  {
    action: "drop",
    sourceLabels: ["__name__", "le"],
    regex: "apiserver_request_sli_duration_seconds_bucket;(0\\..+|1\\.(25|5)|[23468](\\.0)?|(10|15|20|45|60)(\\.0)?)",
  },
];

/** Adds the monitor of the kubelets' own, cAdvisor and probe metrics. Targets come from the operator's list of nodes. */
export function kubeletMonitor(chart: ComponentChart, prometheus: Pods | undefined): void {
  const endpoint = (path: string, metricRelabelings: readonly IRelabelConfig[] = []): IEndpoint => ({
    port: "https-metrics",
    path,
    scheme: "https",
    // Pod and namespace of containers are labels of the metrics; the target's own labels would override them.
    honorLabels: true,
    honorTimestamps: false,
    relabelings: [{ action: "replace", sourceLabels: ["__metrics_path__"], targetLabel: "metrics_path" }],
    ...(metricRelabelings.length > 0 && { metricRelabelings: [...metricRelabelings] }),
  });
  chart.add({
    apiVersion,
    kind: "ServiceMonitor",
    metadata: chart.metadata(`${chart.name}-kubelet`, part, monitorLabels(chart)),
    spec: {
      jobLabel: "k8s-app",
      namespaceSelector: { matchNames: [chart.home] },
      selector: {
        matchLabels: { "app.kubernetes.io/name": "kubelet", "app.kubernetes.io/managed-by": "prometheus-operator" },
      },
      scrapeClass: scrapeClass.kubelet,
      ...scrapeLimits("cluster"),
      endpoints: [
        endpoint("/metrics", [drop("kubelet_(runtime|container|cgroup|pod_worker|http_requests).*_bucket")]),
        endpoint("/metrics/cadvisor", cadvisorDrops),
        endpoint("/metrics/probes"),
      ],
    },
  });
  if (prometheus) chart.connects(prometheus, "nodes", [kubeletPort], "metrics of kubelets and containers");
}

/** Adds monitors of control plane components. */
export function controlPlaneMonitors(
  chart: ComponentChart,
  prometheus: Pods | undefined,
  parts: readonly ControlPlanePart[],
): void {
  for (const each of parts) {
    const target = exposed[chart.cluster.platform][each];
    if (target) controlPlaneMonitor(chart, prometheus, each, target);
  }
}

function controlPlaneMonitor(
  chart: ComponentChart,
  prometheus: Pods | undefined,
  name: ControlPlanePart,
  target: ControlPlaneTarget,
): void {
  const metadata = chart.metadata(`${chart.name}-${name}`, part, monitorLabels(chart));
  const endpoint = {
    port: target.port,
    path: target.path,
    scheme: target.scheme,
    honorLabels: false,
    relabelings: [{ action: "replace", targetLabel: "job", replacement: target.job }],
    ...(name === "kube-apiserver" && { metricRelabelings: [...apiServerDrops] }),
    ...tls(target),
  };
  const common = {
    namespaceSelector: { matchNames: [target.namespace] },
    selector: { matchLabels: target.by === "own service" ? ownLabels(target) : { ...target.selector } },
    ...(target.scheme === "https" && { scrapeClass: scrapeClass.controlPlane }),
    ...scrapeLimits("cluster"),
  };
  if (target.by === "own service") ownService(chart, target);
  chart.add(
    target.by === "pod"
      ? { apiVersion, kind: "PodMonitor", metadata, spec: { ...common, podMetricsEndpoints: [endpoint] } }
      : { apiVersion, kind: "ServiceMonitor", metadata, spec: { ...common, endpoints: [endpoint] } },
  );
  const ports = target.peer === "api server" ? apiServerPorts : [target.targetPort];
  if (prometheus) chart.connects(prometheus, target.peer, ports, `metrics of ${target.job}`);
}

const ownLabels = (target: ControlPlaneTarget) => ({ "skopos.dev/control-plane": target.job });

function tls(target: ControlPlaneTarget): object {
  if (target.selfSigned) return { tlsConfig: { insecureSkipVerify: true } };
  return target.serverName ? { tlsConfig: { serverName: target.serverName } } : {};
}

function ownService(chart: ComponentChart, target: ControlPlaneTarget): void {
  const { labels } = chart.metadata(target.job, part);
  chart.add({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: `${chart.name}-${target.job}`,
      namespace: target.namespace,
      labels: { ...labels, ...ownLabels(target) },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: "None",
      selector: { ...target.selector },
      ports: [{ name: target.port, port: target.targetPort, targetPort: target.targetPort, protocol: "TCP" }],
    },
  });
}
