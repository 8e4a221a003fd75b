import type { Alert } from "../../../lib/monitoring/rules.ts";

/**
 * Jobs of Kubernetes itself. Other programs that are built with its libraries, such as metrics-server and the cluster autoscaler,
 * expose `kubernetes_build_info` too: with the version of the library's template, "v0.0.0-master+$Format:%H$".
 * @see https://github.com/kubernetes/component-base/blob/v0.35.2/version/base.go
 */
const versionedJobs = "apiserver|kubelet|kube-controller-manager|kube-scheduler|kube-proxy";

/** What the API server sees of its clients and of the APIs behind it. */
export const apiServerAlerts: readonly Alert[] = [
  certificate("warning", 604_800, "a week"),
  certificate("critical", 86_400, "a day"),
  {
    alert: "KubeAPITerminatedRequests",
    expr:
      'sum by (cluster) (rate(apiserver_request_terminations_total{job="apiserver"}[10m]))' +
      ' / (sum by (cluster) (rate(apiserver_request_total{job="apiserver"}[10m]))' +
      ' + sum by (cluster) (rate(apiserver_request_terminations_total{job="apiserver"}[10m]))) > 0.2',
    for: "5m",
    severity: "warning",
    summary: "The API server terminates many requests.",
    description: "The API server terminates {{ $value | humanizePercentage }} of its requests in self-defense.",
  },
  {
    alert: "KubeAggregatedAPIErrors",
    expr: 'sum by (cluster, instance, name, reason) (increase(aggregator_unavailable_apiservice_total{job="apiserver"}[5m])) > 0',
    for: "10m",
    severity: "warning",
    summary: "An aggregated API reports errors.",
    description:
      "{{ $labels.name }} has been unavailable for the API server at {{ $labels.instance }}: {{ $labels.reason }}.",
  },
  {
    alert: "KubeClientErrors",
    expr:
      'sum by (cluster, instance, job) (rate(rest_client_requests_total{job="apiserver",code=~"5.."}[5m]))' +
      ' / sum by (cluster, instance, job) (rate(rest_client_requests_total{job="apiserver"}[5m])) > 0.01',
    for: "15m",
    severity: "warning",
    summary: "An API server's own client is experiencing errors.",
    description:
      "{{ $value | humanizePercentage }} of the requests of {{ $labels.job }} at {{ $labels.instance }} fail.",
  },
  {
    alert: "KubeVersionMismatch",
    expr:
      'count by (cluster) (count by (cluster, git_version) (label_replace(kubernetes_build_info{job=~"' +
      `${versionedJobs}"},` +
      ' "git_version", "$1", "git_version", "(v[0-9]*.[0-9]*).*"))) > 1',
    for: "15m",
    severity: "warning",
    summary: "Components of Kubernetes run different versions.",
    description: "{{ $value }} minor versions of Kubernetes are running.",
  },
];

/** Clients whose certificates expire: a quantile of what they presented, of 1 % at least. */
function certificate(severity: "warning" | "critical", seconds: number, text: string): Alert {
  return {
    alert: "KubeClientCertificateExpiration",
    expr:
      "histogram_quantile(0.01, sum without (namespace, service, endpoint)" +
      ` (rate(apiserver_client_certificate_expiration_seconds_bucket{job="apiserver"}[5m]))) < ${seconds}` +
      ' and on (job, cluster, instance) apiserver_client_certificate_expiration_seconds_count{job="apiserver"} > 0',
    for: "5m",
    severity,
    summary: "A client certificate is about to expire.",
    description: `A client of the API server at {{ $labels.instance }} presents a certificate that expires in less than ${text}.`,
  };
}
