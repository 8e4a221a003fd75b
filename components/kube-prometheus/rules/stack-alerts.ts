import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
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

const notificationErrors =
  "rate(prometheus_notifications_errors_total[5m]) / rate(prometheus_notifications_sent_total[5m])";

/** Counters that stand still while all is well. */
const increasing: readonly Alert[] = [
  {
    alert: "PrometheusTSDBReloadsFailing",
    expr: "increase(prometheus_tsdb_reloads_failures_total[3h]) > 0",
    for: "4h",
    severity: "warning",
    summary: "Prometheus has issues reloading blocks from disk.",
    description: "{{ $labels.pod }} has failed {{ $value | humanize }} times in 3 hours to reload its blocks.",
  },
  {
    alert: "PrometheusTSDBCompactionsFailing",
    expr: "increase(prometheus_tsdb_compactions_failed_total[3h]) > 0",
    for: "4h",
    severity: "warning",
    summary: "Prometheus has issues compacting blocks.",
    description: "{{ $labels.pod }} has failed {{ $value | humanize }} compactions in 3 hours.",
  },
  {
    alert: "PrometheusTSDBWALCorruptions",
    expr: "increase(prometheus_tsdb_wal_corruptions_total[3h]) > 0",
    severity: "warning",
    summary: "Prometheus has found its write-ahead log corrupt.",
    description:
      "{{ $labels.pod }} has repaired its write-ahead log {{ $value | humanize }} times in 3 hours: its newest samples are lost.",
  },
  {
    alert: "PrometheusScrapeSampleLimitHit",
    expr: "increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m]) > 0",
    for: "15m",
    severity: "warning",
    summary: "Prometheus has failed scrapes that have exceeded the sample limit.",
    description:
      "{{ $labels.pod }} rejected {{ $value | humanize }} scrapes in 10 minutes because of too many samples.",
  },
  {
    alert: "PrometheusTargetLimitHit",
    expr: "increase(prometheus_target_scrape_pool_exceeded_target_limit_total[10m]) > 0",
    for: "15m",
    severity: "warning",
    summary: "Prometheus has dropped targets because some scrape configurations have exceeded the target limit.",
    description:
      "{{ $labels.pod }} has {{ $value | humanize }} times in 10 minutes found more targets than a monitor may have.",
  },
  {
    alert: "PrometheusLabelLimitHit",
    expr: "increase(prometheus_target_scrape_pool_exceeded_label_limits_total[10m]) > 0",
    for: "15m",
    severity: "warning",
    summary: "Prometheus has dropped targets because some scrape configurations have exceeded the label limits.",
    description:
      "{{ $labels.pod }} rejected {{ $value | humanize }} scrapes in 10 minutes because of labels that are too many or too long.",
  },
  {
    alert: "PrometheusTargetSyncFailure",
    expr: "increase(prometheus_target_sync_failed_total[30m]) > 0",
    for: "5m",
    severity: "critical",
    summary: "Prometheus has failed to sync targets.",
    description:
      "{{ $labels.pod }} failed to create {{ $value | humanize }} targets of {{ $labels.scrape_job }}: its configuration is invalid.",
  },
  {
    alert: "PrometheusSDRefreshFailure",
    expr: "increase(prometheus_sd_refresh_failures_total[10m]) > 0",
    for: "20m",
    severity: "warning",
    summary: "Prometheus fails to refresh service discovery.",
    description: "{{ $labels.pod }} has failed for 20 minutes to refresh targets by {{ $labels.mechanism }}.",
  },
  {
    alert: "PrometheusKubernetesListWatchFailures",
    expr: "increase(prometheus_sd_kubernetes_failures_total[5m]) > 0",
    for: "15m",
    severity: "warning",
    summary: "Requests of Prometheus' Kubernetes service discovery fail.",
    description:
      "{{ $labels.pod }} has {{ $value | humanize }} failed list and watch requests: new pods may not be scraped.",
  },
  {
    alert: "PrometheusOutOfOrderTimestamps",
    expr: "rate(prometheus_target_scrapes_sample_out_of_order_total[5m]) > 0",
    for: "10m",
    severity: "warning",
    summary: "Prometheus drops samples with out-of-order timestamps.",
    description: "{{ $labels.pod }} drops {{ $value | humanize }} samples/s: a target exposes timestamps that go back.",
  },
];

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
      ...increasing,
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
        alert: "PrometheusErrorSendingAlertsToSomeAlertmanagers",
        expr: `${notificationErrors} > 0.01`,
        for: "15m",
        severity: "warning",
        summary: "Prometheus has encountered errors sending alerts to an Alertmanager.",
        description:
          "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its alerts to {{ $labels.alertmanager }}.",
      },
      {
        alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
        expr: `min without (alertmanager) (${notificationErrors}) > 0.03`,
        for: "15m",
        severity: "critical",
        summary: "Prometheus encounters errors sending alerts to every Alertmanager.",
        description:
          "{{ $labels.pod }} fails to send at least {{ $value | humanizePercentage }} of its alerts to any Alertmanager.",
      },
      {
        alert: "PrometheusNotificationQueueRunningFull",
        // There is a queue for each Alertmanager, all of the same capacity. Upstream's expression matches only without that label.
        expr:
          "predict_linear(prometheus_notifications_queue_length[5m], 1800)" +
          " > ignoring (alertmanager) group_left () min_over_time(prometheus_notifications_queue_capacity[5m])",
        for: "15m",
        severity: "warning",
        summary: "Prometheus' queue of alert notifications is predicted to run full in less than 30 minutes.",
        description:
          "The queue of {{ $labels.pod }} for {{ $labels.alertmanager }} is filling up: notifications will be dropped.",
      },
      {
        alert: "PrometheusHighQueryLoad",
        // Mimir has the metrics of its own engine, by the same names.
        expr: 'avg_over_time(prometheus_engine_queries{job="prometheus"}[5m]) / max_over_time(prometheus_engine_queries_concurrent_max{job="prometheus"}[5m]) > 0.8',
        for: "15m",
        severity: "warning",
        summary: "Prometheus is reaching its maximum of concurrent queries.",
        description: "{{ $labels.pod }} has used {{ $value | humanizePercentage }} of its query slots for 15 minutes.",
      },
      ...(known.remoteWrite ? remoteWriteAlerts : []),
    ],
  };
}

const remoteWriteAlerts: RuleGroup["rules"] = [
  {
    alert: "PrometheusRemoteStorageFailures",
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
    alert: "PrometheusRemoteWriteDesiredShards",
    expr: "max_over_time(prometheus_remote_storage_shards_desired[5m]) > max_over_time(prometheus_remote_storage_shards_max[5m])",
    for: "15m",
    severity: "warning",
    summary: "Prometheus remote write desires more shards than configured.",
    description: "{{ $labels.pod }} would need {{ $value | humanize }} shards to keep up with {{ $labels.url }}.",
  },
];
