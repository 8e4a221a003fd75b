import type { Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { ratePanel } from "../../../lib/monitoring/rates.ts";

const where = 'cluster=~"$cluster", namespace=~"$namespace"';
const prometheus = `${where}, job="prometheus", pod=~"$pod"`;
const alertmanager = `${where}, job="alertmanager"`;
const operator = `${where}, job="prometheus-operator"`;

/** Rule evaluation, remote write, alert notifications, and the operator. */
export const deliveryRows: readonly Row[] = [rules(), remoteWrite(), alerts(), operated()];

function rules(): Row {
  return {
    title: "Rules",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: "Rule group duration relative to its interval",
        unit: "percentunit",
        thresholds: { critical: 1 },
        queries: [
          {
            promql: `topk(10, prometheus_rule_group_last_duration_seconds{${prometheus}} / prometheus_rule_group_interval_seconds{${prometheus}})`,
            legend: "{{rule_group}}",
          },
        ],
        links: [runbook("PrometheusMissingRuleEvaluations")],
      },
      {
        type: "timeseries",
        title: "Failed rule evaluations",
        unit: "cps",
        queries: [
          {
            promql: `sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{${prometheus}}[$__rate_interval])) > 0`,
            legend: "{{rule_group}}",
          },
        ],
        links: [runbook("PrometheusRuleFailures")],
      },
    ],
  };
}

function remoteWrite(): Row {
  return {
    title: "Remote write",
    collapsed: true,
    panels: [
      ratePanel({
        title: "Samples sent, retried and failed",
        own: prometheus,
        by: "pod",
        counters: [
          { counter: "prometheus_remote_storage_samples_total", name: "sent" },
          { counter: "prometheus_remote_storage_samples_retried_total", name: "retried" },
          { counter: "prometheus_remote_storage_samples_failed_total", name: "failed" },
        ],
        links: [runbook("PrometheusRemoteStorageFailures")],
      }),
      {
        type: "timeseries",
        title: "Remote write shards",
        unit: "none",
        queries: [
          { promql: `prometheus_remote_storage_shards{${prometheus}}`, legend: "{{pod}}" },
          { promql: `prometheus_remote_storage_shards_max{${prometheus}}`, legend: "maximum of {{pod}}" },
        ],
        links: [runbook("PrometheusRemoteWriteDesiredShards")],
      },
    ],
  };
}

function alerts(): Row {
  return {
    title: "Alert notifications",
    collapsed: true,
    panels: [
      ratePanel({
        title: "Notifications by integration",
        own: alertmanager,
        by: "integration",
        counters: [
          { counter: "alertmanager_notifications_total" },
          { counter: "alertmanager_notifications_failed_total", name: "failed" },
        ],
        links: [runbook("AlertmanagerFailedToSendAlerts")],
      }),
      {
        type: "timeseries",
        title: "Alerts and silences in Alertmanager",
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
      ratePanel({
        title: "Reconciliations",
        own: operator,
        by: "controller",
        counters: [
          { counter: "prometheus_operator_reconcile_operations_total" },
          { counter: "prometheus_operator_reconcile_errors_total", name: "failed" },
        ],
        links: [runbook("PrometheusOperatorReconcileErrors")],
      }),
      {
        type: "timeseries",
        title: "Rejected resources",
        unit: "none",
        queries: [
          {
            promql: `sum by (controller, resource) (prometheus_operator_managed_resources{${operator}, state="rejected"})`,
            legend: "{{resource}} for {{controller}}",
          },
        ],
        links: [runbook("PrometheusOperatorRejectedResources")],
      },
    ],
  };
}
