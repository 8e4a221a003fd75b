import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { LokiSizing } from "../sizing.ts";

/** Label matchers of one Loki's own series: the job is the name of the Service that was scraped. */
export function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/** Share of the stream limit at which somebody should look: the rest is a few rollouts. */
const streamLimitShare = 0.8;

/** Alerts about Loki itself, by Prometheus or Mimir. */
export function lokiRules(chart: ComponentChart, sizing: LokiSizing): RuleGroup[] {
  const own = ownSeries(chart);
  const requests = `loki_request_duration_seconds_count{${own}}`;
  const streams = Math.floor(sizing.limits.maxStreams * sizing.replicationFactor * streamLimitShare);
  return [
    {
      name: "loki",
      rules: [
        {
          alert: "LokiRequestErrors",
          expr: `100 * sum by (namespace, job, route) (rate(loki_request_duration_seconds_count{${own},status_code=~"5.."}[5m])) / sum by (namespace, job, route) (rate(${requests}[5m])) > 10`,
          for: "15m",
          severity: "critical",
          summary: "More than 10 % of Loki's requests fail.",
          description: '{{ $labels.job }} answers {{ $labels.route }} with {{ $value | printf "%.1f" }} % errors.',
        },
        {
          alert: "LokiRequestLatency",
          expr: `histogram_quantile(0.99, sum by (namespace, job, route, le) (rate(loki_request_duration_seconds_bucket{${own},route=~"loki_api_v1_push|otlp_v1_logs|api_prom_push"}[5m]))) > 1`,
          for: "15m",
          severity: "warning",
          summary: "Loki takes more than a second to accept logs.",
          description:
            '99 % of the pushes to {{ $labels.job }} ({{ $labels.route }}) take {{ $value | printf "%.2f" }} s or less.',
        },
        {
          alert: "LokiPanics",
          expr: `sum by (namespace, job) (increase(loki_panic_total{${own}}[10m])) > 0`,
          severity: "critical",
          summary: "Loki's code panics on requests.",
          description: "{{ $labels.job }} panicked {{ $value }} times in ten minutes.",
        },
        {
          alert: "LokiLogsDiscarded",
          expr: `sum by (namespace, tenant, reason) (rate(loki_discarded_samples_total{${own}}[5m])) > 1`,
          for: "15m",
          severity: "warning",
          summary: "Loki throws log lines away.",
          description:
            '{{ $value | printf "%.0f" }} lines a second of tenant {{ $labels.tenant }} are refused: {{ $labels.reason }}.',
        },
        {
          alert: "LokiStreamLimitNear",
          expr: `sum by (namespace) (loki_ingester_memory_streams{${own}}) > ${streams}`,
          for: "30m",
          severity: "warning",
          summary: "Active log streams near their limit.",
          description: `{{ $value }} streams over all ingesters; at the limit of ${sizing.limits.maxStreams} (times ${sizing.replicationFactor} copies) new ones are refused.`,
        },
      ],
    },
    {
      name: "loki-storage",
      rules: [
        {
          alert: "LokiFlushFailing",
          expr: `sum by (namespace, pod) (rate(loki_ingester_chunks_flush_failures_total{${own}}[5m])) > 0`,
          for: "15m",
          severity: "critical",
          summary: "Ingesters cannot write chunks to object storage.",
          description: "{{ $labels.pod }} has failed to flush for 15 minutes; its disk and memory fill.",
        },
        {
          alert: "LokiWalDiskFull",
          expr: `max by (namespace, pod) (loki_ingester_wal_disk_usage_percent{${own}}) > 0.8`,
          for: "15m",
          severity: "critical",
          summary: "The disk of Loki's write-ahead log fills.",
          description: "{{ $labels.pod }} has {{ $value | humanizePercentage }} in use; at 90 % it refuses writes.",
        },
        {
          alert: "LokiCompactionStale",
          expr: `time() - max by (namespace) (loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds{${own}}) > 3 * 3600`,
          for: "1h",
          severity: "warning",
          summary: "Loki's index has not been compacted for hours.",
          description: "The last compaction in {{ $labels.namespace }} ended {{ $value | humanizeDuration }} ago.",
        },
        {
          alert: "LokiRetentionStale",
          expr: `time() - max by (namespace) (loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${own}}) > 24 * 3600`,
          for: "1h",
          severity: "warning",
          summary: "Loki has deleted nothing for a day.",
          description:
            "Retention was last applied in {{ $labels.namespace }} {{ $value | humanizeDuration }} ago; logs are kept for longer than agreed.",
        },
        {
          alert: "LokiRulerFailing",
          expr: `sum by (namespace, rule_group) (rate(loki_prometheus_rule_evaluation_failures_total{${own}}[5m])) > 0`,
          for: "15m",
          severity: "warning",
          summary: "Log alerts cannot be evaluated.",
          description: "Group {{ $labels.rule_group }} fails: its alerts cannot fire.",
        },
      ],
    },
  ];
}
