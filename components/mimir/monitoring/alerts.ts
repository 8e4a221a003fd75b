import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { MimirSizing } from "../sizing.ts";
import { storeAlerts } from "./store-alerts.ts";

/** What the alerts know beside the metrics. */
export interface Alerted {
  readonly sizing: MimirSizing;
  readonly tenant: string;
  /** Series that the tenant may hold, before replication. */
  readonly seriesLimit: number;
  /** Whether it evaluates rules. */
  readonly evaluates: boolean;
}

/** Label matchers of one Mimir's own series: the job is the name of the Service that was scraped. */
export function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/**
 * Rules about Mimir. Whether it takes samples in, answers and evaluates is Prometheus' to watch: a Mimir that does not
 * work cannot say so. The rest belongs to whoever evaluates the stack's rules.
 */
export function mimirAlerts(chart: ComponentChart, alerted: Alerted): RuleGroup[] {
  const own = ownSeries(chart);
  return [
    { name: "mimir.way", local: true, rules: [...wayAlerts(own), ...(alerted.evaluates ? rulerAlerts(own) : [])] },
    { name: "mimir", rules: storeAlerts(chart, own, alerted) },
  ];
}

/** 529 asks a sender to slow down and come back; probes and profiles are nobody's requests. */
const failed = 'status_code=~"5..",status_code!="529",route!~"ready|debug_pprof"';

const wayAlerts = (own: string): Alert[] => [
  {
    alert: "MimirRequestErrors",
    expr: `100 * sum by (cluster, namespace, job, route) (rate(cortex_request_duration_seconds_count{${own},${failed}}[5m])) / sum by (cluster, namespace, job, route) (rate(cortex_request_duration_seconds_count{${own},route!~"ready|debug_pprof"}[5m])) > 1`,
    for: "15m",
    severity: "critical",
    summary: "More than 1 % of Mimir's requests fail.",
    description: '{{ $labels.job }} answers {{ $labels.route }} with {{ $value | printf "%.1f" }} % errors.',
  },
  {
    alert: "MimirPushLatency",
    expr: `histogram_quantile(0.99, sum by (cluster, namespace, job, le) (rate(cortex_request_duration_seconds_bucket{${own},route=~"api_v1_push|otlp_v1_metrics"}[5m]))) > 2.5`,
    for: "15m",
    severity: "warning",
    summary: "Mimir takes more than 2.5 s to accept samples.",
    description: '99 % of the writes to {{ $labels.job }} take {{ $value | printf "%.1f" }} s or less.',
  },
  {
    alert: "MimirIngesterUnhealthy",
    expr: `max by (cluster, namespace) (cortex_ring_members{${own},name="ingester",state="Unhealthy"}) > 0`,
    for: "15m",
    severity: "critical",
    summary: "An ingester is away: the next one that goes loses writes.",
    description: "{{ $value }} ingesters of {{ $labels.namespace }} do not send heartbeats.",
  },
  {
    alert: "MimirSamplesDiscarded",
    expr: `sum by (cluster, namespace, user, reason) (rate(cortex_discarded_samples_total{${own},reason!="sample_duplicate_timestamp"}[5m])) > 1`,
    for: "15m",
    severity: "warning",
    summary: "Mimir refuses samples.",
    description:
      '{{ $value | printf "%.0f" }} samples/s of tenant {{ $labels.user }} are dropped: {{ $labels.reason }}.',
  },
  {
    alert: "MimirHaReplicaFlapping",
    expr: `sum by (cluster, namespace, user) (increase(cortex_ha_tracker_elected_replica_changes_total{${own}}[30m])) > 10`,
    for: "15m",
    severity: "warning",
    summary: "Mimir changes again and again between the two Prometheus of a pair.",
    description:
      "{{ $value | humanize }} changes in 30 minutes for tenant {{ $labels.user }}: each leaves a gap of 30 s.",
  },
  {
    alert: "MimirQueriesStuck",
    expr: `min_over_time(sum by (cluster, namespace) (cortex_query_scheduler_queue_length{${own}})[7m:30s]) > 0`,
    for: "5m",
    severity: "critical",
    summary: "Queries wait and nobody takes them.",
    description: "At least {{ $value }} queries have waited in {{ $labels.namespace }} for minutes.",
  },
  {
    alert: "MimirRuntimeConfigRejected",
    expr: `cortex_runtime_config_last_reload_successful{${own}} == 0`,
    for: "10m",
    severity: "critical",
    summary: "Mimir runs with old limits.",
    description: "{{ $labels.pod }} could not read its runtime file. A pod that restarts now does not start.",
  },
];

const rulerAlerts = (own: string): Alert[] => [
  {
    alert: "MimirRuleFailing",
    expr: `sum by (cluster, namespace, user, rule_group) (increase(cortex_prometheus_rule_evaluation_failures_total{${own}}[5m])) > 0`,
    for: "15m",
    severity: "critical",
    summary: "Mimir cannot evaluate rules.",
    description:
      "{{ $labels.rule_group }} of tenant {{ $labels.user }} failed {{ $value | humanize }} times in 5 minutes.",
  },
  {
    alert: "MimirRuleEvaluationsMissed",
    expr: `100 * sum by (cluster, namespace, pod) (rate(cortex_prometheus_rule_group_iterations_missed_total{${own}}[5m])) / sum by (cluster, namespace, pod) (rate(cortex_prometheus_rule_group_iterations_total{${own}}[5m])) > 1`,
    for: "15m",
    severity: "warning",
    summary: "Rules take longer than their interval.",
    description: '{{ $labels.pod }} missed {{ $value | printf "%.1f" }} % of its evaluations.',
  },
  {
    alert: "MimirRulerNotNotifying",
    expr: `sum by (cluster, namespace, user) (rate(cortex_prometheus_notifications_errors_total{${own}}[5m])) > 0 or min by (cluster, namespace, user) (cortex_prometheus_notifications_alertmanagers_discovered{${own}}) < 1`,
    for: "15m",
    severity: "critical",
    summary: "Alerts of Mimir's rules do not reach Alertmanager.",
    description: "The ruler finds no Alertmanager for tenant {{ $labels.user }}, or none that takes its alerts.",
  },
];
