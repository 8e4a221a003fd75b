import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import { formatCount } from "../../../lib/sizing/index.ts";
import type { MonitoredTargets } from "./groups.ts";

/** Always firing. A dead man's switch that stops receiving it reports that the alerting pipeline is broken. */
export const watchdog: RuleGroup = {
  name: "watchdog",
  local: true,
  rules: [
    {
      alert: "Watchdog",
      expr: "vector(1)",
      severity: "info",
      summary: "Always firing; verifies the alerting pipeline end to end.",
      description: "This alert always fires. If its receiver stops getting it, no other alert is delivered either.",
    },
  ],
};

/** Series above plan at which memory use approaches the limit, which is 1.5 times the request (see `bytesPerSeries` in sizing.ts). */
const abovePlan = 1.25;

/** Prometheus itself, and its delivery to Mimir and Alertmanager. */
export function prometheusAlerts(known: Pick<MonitoredTargets, "plannedSeries" | "remoteWrite">): RuleGroup {
  const most = Math.ceil(known.plannedSeries * abovePlan);
  return {
    name: "prometheus",
    local: true,
    rules: [
      {
        alert: "PrometheusBadConfig",
        expr: "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
        for: "10m",
        severity: "critical",
        summary: "Prometheus failed to reload its configuration.",
        description: "{{ $labels.pod }} runs with an outdated configuration: new monitors and rules have no effect.",
      },
      {
        alert: "PrometheusNotIngestingSamples",
        expr: `sum without (type) (rate(prometheus_tsdb_head_samples_appended_total[5m])) <= 0`,
        for: "10m",
        severity: "critical",
        summary: "Prometheus is not ingesting samples.",
        description:
          "{{ $labels.pod }} has not ingested a sample for 10 minutes: alerts about its targets cannot fire.",
      },
      {
        alert: "PrometheusStorageFailing",
        expr:
          "increase(prometheus_tsdb_compactions_failed_total[3h]) + increase(prometheus_tsdb_reloads_failures_total[3h])" +
          " + increase(prometheus_tsdb_wal_corruptions_total[3h]) > 0",
        severity: "warning",
        summary: "Prometheus has problems with its local storage.",
        description:
          "{{ $labels.pod }} failed {{ $value | humanize }} times in 3 hours to compact, reload or replay its data.",
      },
      {
        alert: "PrometheusRuleFailures",
        expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
        for: "15m",
        severity: "critical",
        summary: "Prometheus is failing rule evaluations.",
        description: "{{ $labels.pod }} fails to evaluate rules of {{ $labels.rule_group }}: its alerts do not fire.",
      },
      {
        alert: "PrometheusMissingRuleEvaluations",
        expr: "increase(prometheus_rule_group_iterations_missed_total[5m]) > 0",
        for: "15m",
        severity: "warning",
        summary: "Rule evaluations take longer than their interval.",
        description: "{{ $labels.pod }} skips evaluations of {{ $labels.rule_group }}: alerts are delayed.",
      },
      {
        alert: "PrometheusScrapeLimitHit",
        expr:
          "increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m])" +
          " + increase(prometheus_target_scrape_pool_exceeded_target_limit_total[10m])" +
          " + increase(prometheus_target_scrape_pool_exceeded_label_limits_total[10m]) > 0",
        for: "15m",
        severity: "warning",
        summary: "Scrapes fail because targets exceed a limit.",
        description:
          "{{ $labels.pod }} rejected {{ $value | humanize }} scrapes in 10 minutes because of too many samples, targets or labels.",
      },
      {
        alert: "PrometheusDuplicateTimestamps",
        expr: "rate(prometheus_target_scrapes_sample_duplicate_timestamp_total[5m]) > 0",
        for: "10m",
        severity: "warning",
        summary: "Prometheus drops samples with duplicate timestamps.",
        description: "{{ $labels.pod }} drops {{ $value | humanize }} samples/s: two targets expose the same series.",
      },
      {
        alert: "PrometheusSeriesAbovePlan",
        expr: `prometheus_tsdb_head_series > ${most}`,
        for: "1h",
        severity: "warning",
        summary: "Prometheus holds more series than planned.",
        description: `{{ $labels.pod }} holds {{ $value | humanize }} series; it was sized for ${formatCount(known.plannedSeries)}.`,
      },
      {
        alert: "PrometheusNotConnectedToAlertmanagers",
        expr: "max_over_time(prometheus_notifications_alertmanagers_discovered[5m]) < 1",
        for: "10m",
        severity: "critical",
        summary: "Prometheus is not connected to any Alertmanager.",
        description: "{{ $labels.pod }} has no Alertmanager to send alerts to.",
      },
      {
        alert: "PrometheusNotificationsFailing",
        expr: "rate(prometheus_notifications_errors_total[5m]) / rate(prometheus_notifications_sent_total[5m]) > 0.03",
        for: "15m",
        severity: "critical",
        summary: "Prometheus fails to send alerts to Alertmanager.",
        description:
          "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its alerts to {{ $labels.alertmanager }}.",
      },
      ...(known.remoteWrite ? remoteWriteAlerts : []),
    ],
  };
}

const remoteWriteAlerts: RuleGroup["rules"] = [
  {
    alert: "PrometheusRemoteWriteFailing",
    expr:
      "rate(prometheus_remote_storage_samples_failed_total[5m]) /" +
      " (rate(prometheus_remote_storage_samples_failed_total[5m]) + rate(prometheus_remote_storage_samples_total[5m])) > 0.01",
    for: "15m",
    severity: "critical",
    summary: "Prometheus fails to send samples to remote storage.",
    description:
      "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its samples to {{ $labels.url }}: they are lost.",
  },
  {
    alert: "PrometheusRemoteWriteBehind",
    expr:
      "max_over_time(prometheus_remote_storage_queue_highest_timestamp_seconds[5m])" +
      " - max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds[5m]) > 120",
    for: "15m",
    severity: "critical",
    summary: "Prometheus remote write is behind.",
    description:
      "Remote write of {{ $labels.pod }} to {{ $labels.url }} is {{ $value | humanizeDuration }} behind. Samples are dropped when it is about two hours behind.",
  },
  {
    alert: "PrometheusRemoteWriteSaturated",
    expr: "max_over_time(prometheus_remote_storage_shards_desired[5m]) > max_over_time(prometheus_remote_storage_shards_max[5m])",
    for: "15m",
    severity: "warning",
    summary: "Prometheus remote write desires more shards than configured.",
    description: "{{ $labels.pod }} would need {{ $value | humanize }} shards to keep up with {{ $labels.url }}.",
  },
];

/** The stack's Alertmanager cluster. @param members number of its pods */
export function alertmanagerAlerts(members: number): RuleGroup {
  return {
    name: "alertmanager",
    local: true,
    rules: [
      {
        alert: "AlertmanagerFailedReload",
        expr: "max_over_time(alertmanager_config_last_reload_successful[5m]) == 0",
        for: "10m",
        severity: "critical",
        summary: "Alertmanager failed to reload its configuration.",
        description:
          "{{ $labels.pod }} runs with an outdated configuration: changes to receivers and routes have no effect.",
      },
      {
        alert: "AlertmanagerNotificationsFailing",
        // Failures are counted by reason, notifications are not.
        expr:
          "sum without (reason) (rate(alertmanager_notifications_failed_total[5m]))" +
          " / rate(alertmanager_notifications_total[5m]) > 0.01",
        for: "10m",
        severity: "critical",
        summary: "Alertmanager fails to send notifications.",
        description:
          "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its notifications to {{ $labels.integration }}.",
      },
      ...(members > 1
        ? [
            {
              alert: "AlertmanagerMembersInconsistent",
              expr: `max_over_time(alertmanager_cluster_members[5m]) < ${members}`,
              for: "15m",
              severity: "warning",
              summary: "A member of the Alertmanager cluster does not see all other members.",
              description: `{{ $labels.pod }} sees {{ $value }} of ${members} members: notifications may be sent more than once.`,
            } as const,
          ]
        : []),
    ],
  };
}

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
