import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import { formatCount } from "../../../lib/sizing/index.ts";
import type { Monitored } from "./groups.ts";

/** Always firing: what stops when any part of the way from Prometheus to the receiver is broken. */
export const watchdog: RuleGroup = {
  name: "watchdog",
  local: true,
  rules: [
    {
      alert: "Watchdog",
      expr: "vector(1)",
      severity: "info",
      summary: "The way of alerts works.",
      description: "Always firing. When it no longer reaches its receiver, no other alert does either.",
    },
  ],
};

/** A head block this much larger than planned reaches the memory limit: 12 KiB of limit for 8 KiB of request. */
const abovePlan = 1.25;

/** Prometheus itself, and its way to Mimir and Alertmanager. */
export function prometheusAlerts(known: Pick<Monitored, "plannedSeries" | "remoteWrite">): RuleGroup {
  const most = Math.ceil(known.plannedSeries * abovePlan);
  return {
    name: "prometheus",
    local: true,
    rules: [
      {
        alert: "PrometheusConfigReloadFailed",
        expr: "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
        for: "10m",
        severity: "critical",
        summary: "Prometheus runs with an old configuration.",
        description: "{{ $labels.pod }} could not load its configuration: new monitors and rules have no effect.",
      },
      {
        alert: "PrometheusNotIngesting",
        expr: `sum without (type) (rate(prometheus_tsdb_head_samples_appended_total[5m])) <= 0`,
        for: "10m",
        severity: "critical",
        summary: "Prometheus takes in no samples.",
        description: "{{ $labels.pod }} has appended no sample for 10 minutes: alerts on its targets are blind.",
      },
      {
        alert: "PrometheusStorageFailing",
        expr:
          "increase(prometheus_tsdb_compactions_failed_total[3h]) + increase(prometheus_tsdb_reloads_failures_total[3h])" +
          " + increase(prometheus_tsdb_wal_corruptions_total[3h]) > 0",
        severity: "warning",
        summary: "Prometheus cannot write or read its blocks.",
        description:
          "{{ $labels.pod }} failed {{ $value | humanize }} times in 3 hours to compact, load or replay its data.",
      },
      {
        alert: "PrometheusRuleFailing",
        expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
        for: "15m",
        severity: "critical",
        summary: "Rules cannot be evaluated.",
        description: "{{ $labels.pod }} fails to evaluate rules of {{ $labels.rule_group }}: its alerts do not fire.",
      },
      {
        alert: "PrometheusRuleMissed",
        expr: "increase(prometheus_rule_group_iterations_missed_total[5m]) > 0",
        for: "15m",
        severity: "warning",
        summary: "Rules take longer than their interval.",
        description: "{{ $labels.pod }} skips evaluations of {{ $labels.rule_group }}: alerts come late.",
      },
      {
        alert: "PrometheusScrapeLimitHit",
        expr:
          "increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m])" +
          " + increase(prometheus_target_scrape_pool_exceeded_target_limit_total[10m])" +
          " + increase(prometheus_target_scrape_pool_exceeded_label_limits_total[10m]) > 0",
        for: "15m",
        severity: "warning",
        summary: "Targets are dropped whole because they exceed a limit.",
        description:
          "{{ $labels.pod }} refused {{ $value | humanize }} scrapes in 10 minutes for too many samples, targets or labels.",
      },
      {
        alert: "PrometheusDuplicateSamples",
        expr: "rate(prometheus_target_scrapes_sample_duplicate_timestamp_total[5m]) > 0",
        for: "10m",
        severity: "warning",
        summary: "Two targets give the same series.",
        description: "{{ $labels.pod }} drops {{ $value | humanize }} samples/s that another target gave already.",
      },
      {
        alert: "PrometheusSeriesAbovePlan",
        expr: `prometheus_tsdb_head_series > ${most}`,
        for: "1h",
        severity: "warning",
        summary: "More series than the plan has memory for.",
        description: `{{ $labels.pod }} holds {{ $value | humanize }} series; it was sized for ${formatCount(known.plannedSeries)}.`,
      },
      {
        alert: "PrometheusNoAlertmanager",
        expr: "max_over_time(prometheus_notifications_alertmanagers_discovered[5m]) < 1",
        for: "10m",
        severity: "critical",
        summary: "Prometheus knows no Alertmanager.",
        description: "{{ $labels.pod }} has nobody to send alerts to.",
      },
      {
        alert: "PrometheusNotificationsFailing",
        expr: "rate(prometheus_notifications_errors_total[5m]) / rate(prometheus_notifications_sent_total[5m]) > 0.03",
        for: "15m",
        severity: "critical",
        summary: "Alerts do not reach Alertmanager.",
        description:
          "{{ $labels.pod }} loses {{ $value | humanizePercentage }} of its notifications to {{ $labels.alertmanager }}.",
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
    summary: "Samples are lost on the way to the long-term store.",
    description: "{{ $labels.pod }} loses {{ $value | humanizePercentage }} of its samples to {{ $labels.url }}.",
  },
  {
    alert: "PrometheusRemoteWriteBehind",
    expr:
      "max_over_time(prometheus_remote_storage_queue_highest_timestamp_seconds[5m])" +
      " - max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds[5m]) > 120",
    for: "15m",
    severity: "critical",
    summary: "The long-term store is minutes behind.",
    description:
      "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind to {{ $labels.url }}; after about two hours samples are lost.",
  },
  {
    alert: "PrometheusRemoteWriteSaturated",
    expr: "max_over_time(prometheus_remote_storage_shards_desired[5m]) > max_over_time(prometheus_remote_storage_shards_max[5m])",
    for: "15m",
    severity: "warning",
    summary: "Remote write wants more senders than it may have.",
    description: "{{ $labels.pod }} would need {{ $value | humanize }} senders to {{ $labels.url }} to keep up.",
  },
];

/** The one Alertmanager. @param members how many of it there are */
export function alertmanagerAlerts(members: number): RuleGroup {
  return {
    name: "alertmanager",
    local: true,
    rules: [
      {
        alert: "AlertmanagerConfigReloadFailed",
        expr: "max_over_time(alertmanager_config_last_reload_successful[5m]) == 0",
        for: "10m",
        severity: "critical",
        summary: "Alertmanager runs with an old configuration.",
        description: "{{ $labels.pod }} could not load its configuration: changed receivers are not told of anything.",
      },
      {
        alert: "AlertmanagerNotificationsFailing",
        expr: "rate(alertmanager_notifications_failed_total[5m]) / rate(alertmanager_notifications_total[5m]) > 0.01",
        for: "10m",
        severity: "critical",
        summary: "A receiver does not take its alerts.",
        description:
          "{{ $labels.pod }} fails to send {{ $value | humanizePercentage }} of its notifications by {{ $labels.integration }}.",
      },
      ...(members > 1
        ? [
            {
              alert: "AlertmanagerMembersMissing",
              expr: `max_over_time(alertmanager_cluster_members[5m]) < ${members}`,
              for: "15m",
              severity: "warning",
              summary: "Alertmanagers do not see each other.",
              description: `{{ $labels.pod }} sees {{ $value }} of ${members} members: alerts may be sent twice.`,
            } as const,
          ]
        : []),
    ],
  };
}

/** The operator, and the config reloaders that carry out what it wrote. */
export const operatorAlerts: RuleGroup = {
  name: "prometheus-operator",
  local: true,
  rules: [
    {
      alert: "PrometheusOperatorReconcileFailing",
      expr: "rate(prometheus_operator_reconcile_errors_total[5m]) / rate(prometheus_operator_reconcile_operations_total[5m]) > 0.1",
      for: "15m",
      severity: "warning",
      summary: "The operator cannot bring about what resources ask for.",
      description:
        "{{ $value | humanizePercentage }} of the operator's reconciliations of {{ $labels.controller }} fail.",
    },
    {
      alert: "PrometheusOperatorRejected",
      expr: 'min_over_time(prometheus_operator_managed_resources{state="rejected"}[5m]) > 0',
      for: "5m",
      severity: "warning",
      summary: "Monitors or rules were refused.",
      description:
        "The operator refused {{ $value }} {{ $labels.resource }} for {{ $labels.controller }}: they have no effect.",
    },
    {
      alert: "ConfigReloaderFailing",
      expr: "max_over_time(reloader_last_reload_successful[5m]) == 0",
      for: "10m",
      severity: "warning",
      summary: "A config reloader cannot pass on a change.",
      description: "The config reloader of {{ $labels.pod }} has failed for 10 minutes.",
    },
  ],
};
