import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { LokiSizing } from "../sizing.ts";
import { streamLimitUsed, type TenantLimits } from "./stream-limit.ts";

/** Label matchers that select the series of one Loki: `job` is the name of the scraped Service. */
function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/** Fraction of the stream limit at which to alert: the remainder absorbs the stream churn of a few rollouts. */
const streamLimitShare = 0.8;

/**
 * Alerts about Loki itself, evaluated by Prometheus or Mimir.
 * @param tenants limits of single tenants
 */
export function lokiAlerts(chart: ComponentChart, sizing: LokiSizing, tenants: TenantLimits): RuleGroup[] {
  const own = ownSeries(chart);
  const requests = `loki_request_duration_seconds_count{${own}}`;
  return [
    {
      name: "loki",
      rules: [
        {
          alert: "LokiRequestErrors",
          expr: `100 * sum by (namespace, job, route) (rate(loki_request_duration_seconds_count{${own},status_code=~"5.."}[5m])) / sum by (namespace, job, route) (rate(${requests}[5m])) > 10`,
          for: "15m",
          severity: "critical",
          summary: "More than 10 % of requests to Loki fail.",
          description:
            '{{ $labels.job }} returns errors for {{ $value | printf "%.1f" }} % of requests to {{ $labels.route }}.',
        },
        {
          alert: "LokiRequestLatency",
          expr: `histogram_quantile(0.99, sum by (namespace, job, route, le) (rate(loki_request_duration_seconds_bucket{${own},route=~"loki_api_v1_push|otlp_v1_logs|api_prom_push"}[5m]))) > 1`,
          for: "15m",
          severity: "warning",
          summary: "Loki's write latency is above 1 s at the 99th percentile.",
          description:
            'The 99th percentile of push requests to {{ $labels.job }} ({{ $labels.route }}) is {{ $value | printf "%.2f" }} s.',
        },
        {
          alert: "LokiPanics",
          expr: `sum by (namespace, job) (increase(loki_panic_total{${own}}[10m])) > 0`,
          severity: "critical",
          summary: "Loki panics while handling requests.",
          description: "{{ $labels.job }} panicked {{ $value }} times in 10 minutes.",
        },
        {
          alert: "LokiLogsDiscarded",
          expr: `sum by (namespace, tenant, reason) (rate(loki_discarded_samples_total{${own}}[5m])) > 1`,
          for: "15m",
          severity: "warning",
          summary: "Loki is discarding log lines.",
          description:
            'Tenant {{ $labels.tenant }} is losing {{ $value | printf "%.0f" }} lines/s (reason: {{ $labels.reason }}).',
        },
        {
          alert: "LokiStreamLimitNear",
          expr: `(${streamLimitUsed(own, "namespace, tenant", sizing, tenants)}) > ${streamLimitShare}`,
          for: "30m",
          severity: "warning",
          summary: "The number of a tenant's active log streams is approaching its limit.",
          description:
            "Tenant {{ $labels.tenant }} uses {{ $value | humanizePercentage }} of its limit of streams; above it, new streams are rejected.",
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
          summary: "Ingesters fail to write chunks to object storage.",
          description:
            "{{ $labels.pod }} has failed to flush chunks for 15 minutes; its disk and memory are filling up.",
        },
        {
          alert: "LokiWalDiskFull",
          expr: `max by (namespace, pod) (loki_ingester_wal_disk_usage_percent{${own}}) > 0.8`,
          for: "15m",
          severity: "critical",
          summary: "The disk holding Loki's WAL is filling up.",
          description:
            "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its WAL disk; at 90 % it rejects writes.",
        },
        {
          alert: "LokiCompactionStale",
          expr: `time() - max by (namespace) (loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds{${own}}) > 3 * 3600`,
          for: "1h",
          severity: "warning",
          summary: "Loki's index has not been compacted for hours.",
          description:
            "The last successful compaction in {{ $labels.namespace }} was {{ $value | humanizeDuration }} ago.",
        },
        {
          alert: "LokiRetentionStale",
          expr: `time() - max by (namespace) (loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${own}}) > 24 * 3600`,
          for: "1h",
          severity: "warning",
          summary: "Loki has not applied retention for a day.",
          description:
            "Retention was last applied in {{ $labels.namespace }} {{ $value | humanizeDuration }} ago; logs are kept longer than configured.",
        },
        {
          alert: "LokiRulerFailing",
          expr: `sum by (namespace, rule_group) (rate(loki_prometheus_rule_evaluation_failures_total{${own}}[5m])) > 0`,
          for: "15m",
          severity: "warning",
          summary: "Loki's ruler fails to evaluate log alerts.",
          description: "Rule group {{ $labels.rule_group }} fails to evaluate; its alerts cannot fire.",
        },
      ],
    },
  ];
}
