import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { MimirSizing } from "../sizing.ts";
import { storeAlerts } from "./store-alerts.ts";

/** Facts that alerts and dashboards need beyond the metrics. */
export interface MimirAlertContext {
  readonly sizing: MimirSizing;
  /** Tenant whose series limit is watched. */
  readonly tenant: string;
  /** Series the tenant may hold in memory, before replication. */
  readonly seriesLimit: number;
  /** The CronJob that archives blocks. @default none */
  readonly archiveJob?: string;
  /** Whether this Mimir evaluates rules. */
  readonly evaluates: boolean;
}

/** Label matchers that select the series of one Mimir: `job` is the name of the scraped Service. */
function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/**
 * Alerts about Mimir itself. Prometheus evaluates those on ingestion, queries and rule evaluation, because a failing
 * Mimir cannot report its own failure. The stack's evaluator handles the rest.
 */
export function mimirAlerts(chart: ComponentChart, context: MimirAlertContext): RuleGroup[] {
  const own = ownSeries(chart);
  return [
    {
      name: "mimir.requests",
      local: true,
      rules: [...requestAlerts(own), ...(context.evaluates ? rulerAlerts(own) : [])],
    },
    { name: "mimir", rules: storeAlerts(chart, own, context) },
    ...(context.archiveJob ? [{ name: "mimir.archive", rules: archiveAlerts(chart, context.archiveJob) }] : []),
  ];
}

/**
 * A run succeeds only if every block that has settled is in the archive, and nothing is missing there. Three days without one
 * is noticed long before a retention deletes what was not copied.
 */
function archiveAlerts(chart: ComponentChart, job: string): Alert[] {
  const own = `namespace="${chart.home}",cronjob="${job}"`;
  const age = (metric: string) => `time() - max by (cluster, namespace, cronjob) (${metric}{${own}})`;
  const done = "kube_cronjob_status_last_successful_time";
  const never = `(${age("kube_cronjob_created")} unless on (cluster, namespace, cronjob) ${done}{${own}})`;
  return [
    {
      alert: "MimirArchiveIncomplete",
      expr: `(${age(done)} or ${never}) > 2 * 86400`,
      for: "1h",
      severity: "critical",
      summary: "The archive of Mimir's blocks has not been complete for two days.",
      description:
        "{{ $labels.namespace }}/{{ $labels.cronjob }} last completed {{ $value | humanizeDuration }} ago: blocks are not copied, or the archive has lost some.",
    },
  ];
}

/** 529 tells a sender to back off and retry; probes and profiles are not client requests. */
const failed = 'status_code=~"5..",status_code!="529",route!~"ready|debug_pprof"';

const requestAlerts = (own: string): Alert[] => [
  {
    alert: "MimirRequestErrors",
    expr: `100 * sum by (cluster, namespace, job, route) (rate(cortex_request_duration_seconds_count{${own},${failed}}[5m])) / sum by (cluster, namespace, job, route) (rate(cortex_request_duration_seconds_count{${own},route!~"ready|debug_pprof"}[5m])) > 1`,
    for: "15m",
    severity: "critical",
    summary: "More than 1 % of requests to Mimir fail.",
    description:
      '{{ $labels.job }} returns errors for {{ $value | printf "%.1f" }} % of requests to {{ $labels.route }}.',
  },
  {
    alert: "MimirPushLatency",
    expr: `histogram_quantile(0.99, sum by (cluster, namespace, job, le) (rate(cortex_request_duration_seconds_bucket{${own},route=~"api_v1_push|otlp_v1_metrics"}[5m]))) > 2.5`,
    for: "15m",
    severity: "warning",
    summary: "Mimir's write latency is above 2.5 s at the 99th percentile.",
    description: 'The 99th percentile of write requests to {{ $labels.job }} is {{ $value | printf "%.1f" }} s.',
  },
  {
    alert: "MimirIngesterUnhealthy",
    expr: `max by (cluster, namespace) (cortex_ring_members{${own},name="ingester",state="Unhealthy"}) > 0`,
    for: "15m",
    severity: "critical",
    summary: "An ingester is unhealthy; losing another one will fail writes.",
    description: "{{ $value }} ingesters in {{ $labels.namespace }} have stopped sending heartbeats to the ring.",
  },
  {
    alert: "MimirSamplesDiscarded",
    expr: `sum by (cluster, namespace, user, reason) (rate(cortex_discarded_samples_total{${own},reason!="sample_duplicate_timestamp"}[5m])) > 1`,
    for: "15m",
    severity: "warning",
    summary: "Mimir is rejecting samples.",
    description:
      'Tenant {{ $labels.user }} is losing {{ $value | printf "%.0f" }} samples/s (reason: {{ $labels.reason }}).',
  },
  {
    alert: "MimirHaReplicaFlapping",
    expr: `sum by (cluster, namespace, user) (increase(cortex_ha_tracker_elected_replica_changes_total{${own}}[30m])) > 10`,
    for: "15m",
    severity: "warning",
    summary: "Mimir keeps switching between the two Prometheus replicas of an HA pair.",
    description:
      "{{ $value | humanize }} failovers in 30 minutes for tenant {{ $labels.user }}; each one leaves a gap of about 30 s.",
  },
  {
    alert: "MimirQueriesStuck",
    expr: `min_over_time(sum by (cluster, namespace) (cortex_query_scheduler_queue_length{${own}})[7m:30s]) > 0`,
    for: "5m",
    severity: "critical",
    summary: "Queries are stuck in the query-scheduler's queue.",
    description: "At least {{ $value }} queries have been queued in {{ $labels.namespace }} for several minutes.",
  },
  {
    alert: "MimirRuntimeConfigRejected",
    expr: `cortex_runtime_config_last_reload_successful{${own}} == 0`,
    for: "10m",
    severity: "critical",
    summary: "Mimir could not reload its runtime configuration.",
    description: "{{ $labels.pod }} still uses the previous limits. A pod that restarts now will fail to start.",
  },
];

const rulerAlerts = (own: string): Alert[] => [
  {
    alert: "MimirRuleFailing",
    expr: `sum by (cluster, namespace, user, rule_group) (increase(cortex_prometheus_rule_evaluation_failures_total{${own}}[5m])) > 0`,
    for: "15m",
    severity: "critical",
    summary: "Mimir fails to evaluate rules.",
    description:
      "Rule group {{ $labels.rule_group }} of tenant {{ $labels.user }} failed {{ $value | humanize }} times in 5 minutes.",
  },
  {
    alert: "MimirRulesNotRead",
    // Only a synchronization that could list the rules goes on to load them.
    expr: `rate(cortex_ruler_sync_rules_total{${own},reason="periodic"}[10m]) > 0 unless ignoring (reason) rate(cortex_ruler_load_rule_groups_seconds_count{${own}}[10m]) > 0`,
    for: "10m",
    severity: "critical",
    summary: "Mimir's ruler cannot read its rule files.",
    description: "{{ $labels.pod }} evaluates the rules that it read before: changes of rules have no effect.",
  },
  {
    alert: "MimirRuleEvaluationsMissed",
    expr: `100 * sum by (cluster, namespace, pod) (rate(cortex_prometheus_rule_group_iterations_missed_total{${own}}[5m])) / sum by (cluster, namespace, pod) (rate(cortex_prometheus_rule_group_iterations_total{${own}}[5m])) > 1`,
    for: "15m",
    severity: "warning",
    summary: "Rule evaluation takes longer than the evaluation interval.",
    description: '{{ $labels.pod }} missed {{ $value | printf "%.1f" }} % of its rule group iterations.',
  },
  {
    alert: "MimirRulerNotNotifying",
    expr: `sum by (cluster, namespace, user) (rate(cortex_prometheus_notifications_errors_total{${own}}[5m])) > 0 or min by (cluster, namespace, user) (cortex_prometheus_notifications_alertmanagers_discovered{${own}}) < 1`,
    for: "15m",
    severity: "critical",
    summary: "Mimir's ruler cannot deliver alerts to Alertmanager.",
    description: "For tenant {{ $labels.user }} the ruler discovers no Alertmanager, or notifications fail.",
  },
];
