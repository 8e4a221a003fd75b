import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { ControlPlanePart } from "../control-plane/targets.ts";
import { apiServerAlerts } from "./api-server-alerts.ts";
import { errorBudgetAlerts } from "./api-server-rules.ts";

const volumeFree = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes";
const volumeUsed = "kubelet_volume_stats_used_bytes > 0";

const week = 604_800;
const day = 86_400;

/** Certificates of the kubelet, which it renews long before they expire. */
const certificateAlerts: readonly Alert[] = [
  certificateExpiration("Client", "client", "warning", week),
  certificateExpiration("Client", "client", "critical", day),
  certificateExpiration("Server", "server", "warning", week),
  certificateExpiration("Server", "server", "critical", day),
  renewalErrors("Client", "kubelet_certificate_manager_client_expiration_renew_errors"),
  renewalErrors("Server", "kubelet_server_expiration_renew_errors"),
];

function certificateExpiration(
  kind: "Client" | "Server",
  use: "client" | "server",
  severity: "warning" | "critical",
  seconds: number,
): Alert {
  return {
    alert: `Kubelet${kind}CertificateExpiration`,
    expr: `kubelet_certificate_manager_${use}_ttl_seconds < ${seconds}`,
    severity,
    summary: `A kubelet's ${use} certificate is about to expire.`,
    description: `The ${use} certificate of the kubelet on {{ $labels.node }} expires in {{ $value | humanizeDuration }}.`,
  };
}

function renewalErrors(kind: "Client" | "Server", counter: string): Alert {
  return {
    alert: `Kubelet${kind}CertificateRenewalErrors`,
    expr: `increase(${counter}[5m]) > 0`,
    for: "15m",
    severity: "warning",
    summary: `A kubelet fails to renew its ${kind.toLowerCase()} certificate.`,
    description: "The kubelet on {{ $labels.node }} failed {{ $value | humanize }} times in 5 minutes.",
  };
}

/** Kubelets, and the volumes that they mount. */
export const kubeletAlerts: RuleGroup = {
  name: "kubelets",
  rules: [
    {
      alert: "KubeletDown",
      expr: 'absent(up{job="kubelet",metrics_path="/metrics"} == 1)',
      for: "15m",
      severity: "critical",
      summary: "All kubelets have disappeared from Prometheus target discovery.",
      description: "Prometheus cannot scrape any kubelet: metrics of containers and volumes are missing.",
    },
    ...certificateAlerts,
    {
      alert: "KubeletInstanceUnreachable",
      expr: 'up{job="kubelet",metrics_path="/metrics"} == 0',
      for: "15m",
      severity: "warning",
      summary: "A kubelet cannot be scraped.",
      description: "Prometheus has not reached the kubelet of {{ $labels.node }} for 15 minutes.",
    },
    {
      alert: "KubeletPlegDurationHigh",
      expr: 'node_quantile:kubelet_pleg_relist_duration_seconds:histogram_quantile{quantile="0.99"} >= 10',
      for: "5m",
      severity: "warning",
      summary: "A kubelet takes too long to list its containers.",
      description:
        "The 99th percentile of the kubelet's container listings (PLEG) on {{ $labels.node }} is {{ $value | humanizeDuration }}.",
    },
    {
      alert: "KubeNodeEviction",
      expr: "sum by (cluster, node, eviction_signal) (rate(kubelet_evictions[15m])) > 0",
      severity: "info",
      summary: "A node is evicting pods.",
      description: "{{ $labels.node }} evicts pods because of {{ $labels.eviction_signal }}.",
    },
    {
      alert: "KubeletTooManyPods",
      expr:
        'count by (cluster, node) ((kube_pod_status_phase{phase="Running"} == 1) * on (cluster, namespace, pod) group_left (node) kube_pod_info)' +
        ' / on (cluster, node) max by (cluster, node) (kube_node_status_capacity{resource="pods"}) > 0.95',
      for: "15m",
      severity: "warning",
      summary: "A node is running close to its pod limit.",
      description: "The pods on {{ $labels.node }} use {{ $value | humanizePercentage }} of its pod capacity.",
    },
    {
      alert: "KubePersistentVolumeAlmostFull",
      expr: `${volumeFree} < 0.03 and ${volumeUsed}`,
      for: "5m",
      severity: "critical",
      summary: "A PersistentVolume is almost full.",
      description:
        "The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} of its space left.",
    },
    {
      alert: "KubePersistentVolumeInodesFillingUp",
      expr: "kubelet_volume_stats_inodes_free / kubelet_volume_stats_inodes < 0.03 and kubelet_volume_stats_inodes_used > 0",
      for: "5m",
      severity: "critical",
      summary: "A PersistentVolume is almost out of inodes.",
      description:
        "The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} of its inodes left.",
    },
    {
      alert: "KubePersistentVolumeFillingUp",
      expr: `${volumeFree} < 0.15 and ${volumeUsed} and predict_linear(kubelet_volume_stats_available_bytes[6h], 345600) < 0`,
      for: "1h",
      severity: "warning",
      summary: "A PersistentVolume will be full within four days.",
      description:
        "The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} of its space left and is predicted to fill up within four days.",
    },
  ],
};

/** One of several targets of a control plane component. */
const unreachable = (alert: string, job: string, what: string): Alert => ({
  alert,
  expr: `up{job="${job}"} == 0`,
  for: "15m",
  severity: "warning",
  summary: `A target of the ${what} cannot be scraped.`,
  description: `Prometheus has not reached the ${what} at {{ $labels.instance }} for 15 minutes.`,
});

const gone = (alert: string, job: string, what: string): Alert => ({
  alert,
  expr: `absent(up{job="${job}"} == 1)`,
  for: "15m",
  severity: "critical",
  summary: `All ${what} targets are down or missing.`,
  description: `Prometheus has not been able to scrape any ${what} for 15 minutes.`,
});

/** Alerts by control plane component. */
const byPart: Readonly<Record<ControlPlanePart, readonly Alert[]>> = {
  "kube-apiserver": [
    gone("KubeAPIDown", "apiserver", "API server"),
    unreachable("KubeAPIInstanceUnreachable", "apiserver", "API server"),
    ...errorBudgetAlerts,
    ...apiServerAlerts,
    {
      alert: "KubeApiServerErrors",
      expr:
        'sum by (cluster) (rate(apiserver_request_total{job="apiserver",code=~"5.."}[5m]))' +
        ' / sum by (cluster) (rate(apiserver_request_total{job="apiserver"}[5m])) > 0.03',
      for: "10m",
      severity: "critical",
      summary: "The API server returns errors.",
      description: "{{ $value | humanizePercentage }} of the requests to the API server fail with a 5xx code.",
    },
    {
      alert: "KubeApiServerSlow",
      expr:
        "histogram_quantile(0.99, sum by (cluster, verb, le) (rate(apiserver_request_duration_seconds_bucket" +
        '{job="apiserver",verb=~"GET|POST|PUT|PATCH|DELETE",subresource!~"proxy|attach|log|exec|portforward"}[5m]))) > 1',
      for: "15m",
      severity: "warning",
      summary: "API server requests are slow.",
      description: "The 99th percentile latency of {{ $labels.verb }} requests is {{ $value | humanizeDuration }}.",
    },
    {
      alert: "KubeAggregatedAPIDown",
      expr: "max by (cluster, name) (aggregator_unavailable_apiservice) == 1",
      for: "15m",
      severity: "warning",
      summary: "An aggregated API is unavailable.",
      description: "The API server cannot reach {{ $labels.name }}. Namespaces cannot be deleted until it can.",
    },
  ],
  coredns: [
    gone("CoreDNSDown", "coredns", "CoreDNS"),
    {
      alert: "CoreDnsErrors",
      expr:
        'sum by (cluster) (rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m]))' +
        " / sum by (cluster) (rate(coredns_dns_responses_total[5m])) > 0.03",
      for: "10m",
      severity: "critical",
      summary: "CoreDNS returns errors.",
      description: "{{ $value | humanizePercentage }} of the DNS responses are SERVFAIL.",
    },
  ],
  "kube-controller-manager": [
    gone("KubeControllerManagerDown", "kube-controller-manager", "controller manager"),
    unreachable("KubeControllerManagerInstanceUnreachable", "kube-controller-manager", "controller manager"),
  ],
  "kube-scheduler": [
    gone("KubeSchedulerDown", "kube-scheduler", "scheduler"),
    unreachable("KubeSchedulerInstanceUnreachable", "kube-scheduler", "scheduler"),
  ],
  "kube-proxy": [gone("KubeProxyDown", "kube-proxy", "kube-proxy")],
  etcd: [
    {
      alert: "EtcdNoLeader",
      expr: "etcd_server_has_leader == 0",
      for: "1m",
      severity: "critical",
      summary: "An etcd member has no leader.",
      description: "{{ $labels.instance }} has no leader: writes to the API server fail.",
    },
    {
      alert: "EtcdDatabaseAlmostFull",
      expr: "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.9",
      for: "10m",
      severity: "critical",
      summary: "The etcd database is close to its quota.",
      description:
        "The database of {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its quota. At 100% etcd rejects writes.",
    },
  ],
};

/** Alerts about the monitored components of the control plane. */
export function controlPlaneAlerts(parts: readonly ControlPlanePart[]): RuleGroup {
  return { name: "control-plane", rules: parts.flatMap((part) => byPart[part]) };
}
