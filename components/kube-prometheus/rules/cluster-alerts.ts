import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { ControlPlanePart } from "../control-plane/targets.ts";

const volumeFree = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes";
const volumeUsed = "kubelet_volume_stats_used_bytes > 0";

/** Kubelets, and the volumes that they mount. */
export const kubeletAlerts: RuleGroup = {
  name: "kubelets",
  rules: [
    {
      alert: "KubeletsGone",
      expr: 'absent(up{job="kubelet",metrics_path="/metrics"} == 1)',
      for: "15m",
      severity: "critical",
      summary: "No kubelet answers.",
      description: "Prometheus reaches no kubelet: nothing is known of containers and volumes.",
    },
    {
      alert: "KubeletCertificateExpiring",
      expr: "kubelet_certificate_manager_client_ttl_seconds < 604800 or kubelet_certificate_manager_server_ttl_seconds < 604800",
      severity: "warning",
      summary: "A kubelet's certificate expires within a week.",
      description:
        "A certificate of {{ $labels.node }} expires in {{ $value | humanizeDuration }} and was not renewed.",
    },
    {
      alert: "KubeNodePodsAlmostFull",
      expr:
        'count by (cluster, node) ((kube_pod_status_phase{phase="Running"} == 1) * on (cluster, namespace, pod) group_left (node) kube_pod_info)' +
        ' / on (cluster, node) max by (cluster, node) (kube_node_status_capacity{resource="pods"}) > 0.95',
      for: "15m",
      severity: "warning",
      summary: "A node can take no more pods.",
      description: "{{ $labels.node }} runs {{ $value | humanizePercentage }} of the pods that its kubelet admits.",
    },
    {
      alert: "KubePersistentVolumeAlmostFull",
      expr: `${volumeFree} < 0.03 and ${volumeUsed}`,
      for: "5m",
      severity: "critical",
      summary: "A volume is almost full.",
      description:
        "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left.",
    },
    {
      alert: "KubePersistentVolumeFillingUp",
      expr: `${volumeFree} < 0.15 and ${volumeUsed} and predict_linear(kubelet_volume_stats_available_bytes[6h], 345600) < 0`,
      for: "1h",
      severity: "warning",
      summary: "A volume will be full within four days.",
      description:
        "{{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left and fills up within four days.",
    },
  ],
};

const gone = (alert: string, job: string, what: string): Alert => ({
  alert,
  expr: `absent(up{job="${job}"} == 1)`,
  for: "15m",
  severity: "critical",
  summary: `No ${what} answers.`,
  description: `Prometheus has reached no ${what} for 15 minutes.`,
});

/** Alerts of each part of the control plane, for those that are watched. */
const byPart: Readonly<Record<ControlPlanePart, readonly Alert[]>> = {
  "kube-apiserver": [
    gone("KubeApiServerGone", "apiserver", "API server"),
    {
      alert: "KubeApiServerErrors",
      expr:
        'sum by (cluster) (rate(apiserver_request_total{job="apiserver",code=~"5.."}[5m]))' +
        ' / sum by (cluster) (rate(apiserver_request_total{job="apiserver"}[5m])) > 0.03',
      for: "10m",
      severity: "critical",
      summary: "The API server fails requests.",
      description: "{{ $value | humanizePercentage }} of all requests to the API server fail.",
    },
    {
      alert: "KubeApiServerSlow",
      expr:
        "histogram_quantile(0.99, sum by (cluster, verb, le) (rate(apiserver_request_duration_seconds_bucket" +
        '{job="apiserver",verb=~"GET|POST|PUT|PATCH|DELETE",subresource!~"proxy|attach|log|exec|portforward"}[5m]))) > 1',
      for: "15m",
      severity: "warning",
      summary: "The API server is slow.",
      description: "One in a hundred {{ $labels.verb }} requests takes longer than {{ $value | humanizeDuration }}.",
    },
    {
      alert: "KubeAggregatedApiDown",
      expr: "max by (cluster, name) (aggregator_unavailable_apiservice) == 1",
      for: "15m",
      severity: "warning",
      summary: "An aggregated API does not answer.",
      description: "The API server does not reach {{ $labels.name }}; deleting namespaces hangs meanwhile.",
    },
  ],
  coredns: [
    gone("CoreDnsGone", "coredns", "DNS server"),
    {
      alert: "CoreDnsErrors",
      expr:
        'sum by (cluster) (rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m]))' +
        " / sum by (cluster) (rate(coredns_dns_responses_total[5m])) > 0.03",
      for: "10m",
      severity: "critical",
      summary: "Names cannot be resolved.",
      description: "{{ $value | humanizePercentage }} of all DNS answers are failures.",
    },
  ],
  "kube-controller-manager": [gone("KubeControllerManagerGone", "kube-controller-manager", "controller manager")],
  "kube-scheduler": [gone("KubeSchedulerGone", "kube-scheduler", "scheduler")],
  etcd: [
    {
      alert: "EtcdNoLeader",
      expr: "etcd_server_has_leader == 0",
      for: "1m",
      severity: "critical",
      summary: "An etcd member has no leader.",
      description: "{{ $labels.instance }} has no leader: the API server cannot write.",
    },
    {
      alert: "EtcdDatabaseAlmostFull",
      expr: "etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes > 0.9",
      for: "10m",
      severity: "critical",
      summary: "etcd is about to refuse writes.",
      description: "The database of {{ $labels.instance }} fills {{ $value | humanizePercentage }} of its quota.",
    },
  ],
};

/** The control plane, as far as it is watched. */
export function controlPlaneAlerts(parts: readonly ControlPlanePart[]): RuleGroup {
  return { name: "control-plane", rules: parts.flatMap((part) => byPart[part]) };
}
