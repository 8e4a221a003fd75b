import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";

/** The Prometheus operator, and the config reloaders that apply what it generates. */
export const operatorAlerts: RuleGroup = {
  name: "prometheus-operator",
  local: true,
  rules: [
    {
      alert: "PrometheusOperatorReconcileErrors",
      expr: "rate(prometheus_operator_reconcile_errors_total[5m]) / rate(prometheus_operator_reconcile_operations_total[5m]) > 0.1",
      for: "15m",
      severity: "warning",
      summary: "The Prometheus operator fails to reconcile resources.",
      description:
        "{{ $value | humanizePercentage }} of the reconciliations of the {{ $labels.controller }} controller fail.",
    },
    failing("List", "list", 0.4, "10m"),
    failing("Watch", "watch", 0.4, "5m"),
    {
      alert: "PrometheusOperatorStatusUpdateErrors",
      expr: "rate(prometheus_operator_status_update_errors_total[5m]) / rate(prometheus_operator_status_update_operations_total[5m]) > 0.1",
      for: "10m",
      severity: "warning",
      summary: "The Prometheus operator fails to update the status of resources.",
      description:
        "{{ $value | humanizePercentage }} of the status updates of the {{ $labels.controller }} controller fail.",
    },
    {
      alert: "PrometheusOperatorSyncFailed",
      expr: 'min_over_time(prometheus_operator_syncs{status="failed"}[5m]) > 0',
      for: "10m",
      severity: "warning",
      summary: "The Prometheus operator's last reconciliation failed.",
      description: "The {{ $labels.controller }} controller has failed to reconcile {{ $value }} objects.",
    },
    {
      alert: "PrometheusOperatorNodeLookupErrors",
      expr: "rate(prometheus_operator_node_address_lookup_errors_total[5m]) > 0.1",
      for: "15m",
      severity: "warning",
      summary: "The Prometheus operator cannot look up addresses of nodes.",
      description: "{{ $value | humanize }} lookups per second fail: kubelets of new nodes are not scraped.",
    },
    {
      alert: "PrometheusOperatorNotReady",
      expr: "max_over_time(prometheus_operator_ready[5m]) == 0",
      for: "5m",
      severity: "warning",
      summary: "A controller of the Prometheus operator is not ready.",
      description: "The {{ $labels.controller }} controller is not ready to reconcile resources.",
    },
    {
      alert: "PrometheusOperatorRejectedResources",
      expr: 'min_over_time(prometheus_operator_managed_resources{state="rejected"}[5m]) > 0',
      for: "5m",
      severity: "warning",
      summary: "The Prometheus operator rejected monitors or rules.",
      description:
        "The {{ $labels.controller }} controller rejected {{ $value }} {{ $labels.resource }} resources: they have no effect.",
    },
    {
      alert: "ConfigReloaderSidecarErrors",
      expr: "max_over_time(reloader_last_reload_successful[5m]) == 0",
      for: "10m",
      severity: "warning",
      summary: "A config reloader sidecar is failing.",
      description: "The config reloader of {{ $labels.pod }} has failed to apply configuration changes for 10 minutes.",
    },
  ],
};

function failing(kind: "List" | "Watch", operation: "list" | "watch", share: number, window: "5m" | "10m"): Alert {
  const total = `prometheus_operator_${operation}_operations`;
  return {
    alert: `PrometheusOperator${kind}Errors`,
    expr: `rate(${total}_failed_total[${window}]) / rate(${total}_total[${window}]) > ${share}`,
    for: "15m",
    severity: "warning",
    summary: `The Prometheus operator's ${operation} operations fail.`,
    description: `{{ $value | humanizePercentage }} of the ${operation} operations of the {{ $labels.controller }} controller fail.`,
  };
}
