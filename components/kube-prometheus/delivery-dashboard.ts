import type { Row } from "../../lib/monitoring/dashboard.ts";

const where = 'cluster=~"$cluster", namespace=~"$namespace"';
const prometheus = `${where}, job="prometheus", pod=~"$pod"`;
const alertmanager = `${where}, job="alertmanager"`;
const operator = `${where}, job="prometheus-operator"`;

/** What Prometheus makes of its samples: rules, the way to Mimir, alerts; and the operator behind it all. */
export const deliveryRows: readonly Row[] = [rules(), remoteWrite(), alerts(), operated()];

function rules(): Row {
  return {
    title: "Rules",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: "Time for a group, of its interval",
        unit: "percentunit",
        thresholds: { critical: 1 },
        queries: [
          {
            promql: `topk(10, prometheus_rule_group_last_duration_seconds{${prometheus}} / prometheus_rule_group_interval_seconds{${prometheus}})`,
            legend: "{{rule_group}}",
          },
        ],
        links: [{ title: "PrometheusRuleMissed", runbook: "PrometheusRuleMissed" }],
      },
      {
        type: "timeseries",
        title: "Failed evaluations",
        unit: "cps",
        queries: [
          {
            promql: `sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{${prometheus}}[$__rate_interval])) > 0`,
            legend: "{{rule_group}}",
          },
        ],
        links: [{ title: "PrometheusRuleFailing", runbook: "PrometheusRuleFailing" }],
      },
    ],
  };
}

function remoteWrite(): Row {
  const sent = (what: string) =>
    `sum by (pod) (rate(prometheus_remote_storage_${what}_total{${prometheus}}[$__rate_interval]))`;
  return {
    title: "Remote write",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: "Sent, tried again, failed",
        unit: "cps",
        queries: [
          { promql: sent("samples"), legend: "sent, {{pod}}" },
          { promql: sent("samples_retried"), legend: "tried again, {{pod}}" },
          { promql: sent("samples_failed"), legend: "failed, {{pod}}" },
        ],
        links: [{ title: "PrometheusRemoteWriteFailing", runbook: "PrometheusRemoteWriteFailing" }],
      },
      {
        type: "timeseries",
        title: "Senders",
        unit: "none",
        queries: [
          { promql: `prometheus_remote_storage_shards{${prometheus}}`, legend: "{{pod}}" },
          { promql: `prometheus_remote_storage_shards_max{${prometheus}}`, legend: "most, {{pod}}" },
        ],
        links: [{ title: "PrometheusRemoteWriteSaturated", runbook: "PrometheusRemoteWriteSaturated" }],
      },
    ],
  };
}

function alerts(): Row {
  return {
    title: "Alerts on their way",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: "Notifications by receiver",
        unit: "cps",
        queries: [
          {
            promql: `sum by (integration) (rate(alertmanager_notifications_total{${alertmanager}}[$__rate_interval]))`,
            legend: "{{integration}}",
          },
          {
            promql: `sum by (integration) (rate(alertmanager_notifications_failed_total{${alertmanager}}[$__rate_interval]))`,
            legend: "failed, {{integration}}",
          },
        ],
        links: [{ title: "AlertmanagerNotificationsFailing", runbook: "AlertmanagerNotificationsFailing" }],
      },
      {
        type: "timeseries",
        title: "Alerts and silences held",
        unit: "none",
        queries: [
          { promql: `sum by (pod, state) (alertmanager_alerts{${alertmanager}})`, legend: "{{state}}, {{pod}}" },
          {
            promql: `sum by (pod) (alertmanager_silences{${alertmanager}, state="active"})`,
            legend: "silences, {{pod}}",
          },
        ],
      },
    ],
  };
}

function operated(): Row {
  return {
    title: "Operator",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: "Reconciliations",
        unit: "cps",
        queries: [
          {
            promql: `sum by (controller) (rate(prometheus_operator_reconcile_operations_total{${operator}}[$__rate_interval]))`,
            legend: "{{controller}}",
          },
          {
            promql: `sum by (controller) (rate(prometheus_operator_reconcile_errors_total{${operator}}[$__rate_interval]))`,
            legend: "failed, {{controller}}",
          },
        ],
        links: [{ title: "PrometheusOperatorReconcileFailing", runbook: "PrometheusOperatorReconcileFailing" }],
      },
      {
        type: "timeseries",
        title: "Resources refused",
        unit: "none",
        queries: [
          {
            promql: `sum by (controller, resource) (prometheus_operator_managed_resources{${operator}, state="rejected"})`,
            legend: "{{resource}} for {{controller}}",
          },
        ],
        links: [{ title: "PrometheusOperatorRejected", runbook: "PrometheusOperatorRejected" }],
      },
    ],
  };
}
