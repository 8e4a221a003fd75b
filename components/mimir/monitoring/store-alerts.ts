import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert } from "../../../lib/monitoring/rules.ts";
import { formatCount } from "../../../lib/sizing/index.ts";
import type { MimirAlertContext } from "./alerts.ts";

/** Fraction of a limit at which to alert: the remainder absorbs the series churn of a few rollouts. */
const share = 0.8;
/**
 * Series per ingester above which to scale out: what mimir-mixin 2.9 aimed at ("We target each ingester to 1.5M in-memory
 * series"). Later mixins alert on the configured instance limit only.
 * @see https://github.com/grafana/mimir/blob/mimir-2.9.0/operations/mimir-mixin/alerts/alerts.libsonnet
 */
export const maxSeriesPerIngester = 1_500_000;
/** Fraction of the memory limit at which a restart risks an OOM kill: replaying the WAL needs more memory than running. */
const memoryShare = 0.85;

/** Alerts about stored data: blocks, bucket, caches and series limits. */
export function storeAlerts(
  chart: ComponentChart,
  own: string,
  { sizing, tenant, ...context }: MimirAlertContext,
): Alert[] {
  const factor = sizing.replicationFactor;
  const most = Math.floor(context.seriesLimit * share);
  const ingester = sizing.mode === "monolithic" ? chart.name : `${chart.name}-ingester`;
  const inMemory = `namespace="${chart.home}",pod=~"${ingester}-.+"`;
  return [
    {
      alert: "MimirSeriesLimitNear",
      expr: `sum by (cluster, namespace, user) (cortex_ingester_memory_series_created_total{${own},user="${tenant}"} - cortex_ingester_memory_series_removed_total{${own},user="${tenant}"}) / ${factor} > ${most}`,
      for: "30m",
      severity: "warning",
      summary: `Tenant ${tenant} is approaching its limit of ${formatCount(context.seriesLimit)} series.`,
      description: "{{ $value | humanize }} series are in memory; above the limit, new series are rejected.",
    },
    {
      alert: "MimirIngesterSeriesHigh",
      expr: `cortex_ingester_memory_series{${own}} > ${maxSeriesPerIngester}`,
      for: "30m",
      severity: "warning",
      summary: "An ingester holds more series than it is sized for.",
      description: "{{ $labels.pod }} holds {{ $value | humanize }} series; add ingesters.",
    },
    {
      alert: "MimirIngesterMemoryHigh",
      expr: `max by (cluster, namespace, pod) (container_memory_working_set_bytes{${inMemory},container!=""}) / max by (cluster, namespace, pod) (kube_pod_container_resource_limits{${inMemory},resource="memory"}) > ${memoryShare}`,
      for: "15m",
      severity: "warning",
      summary: "An ingester is close to its memory limit.",
      description:
        "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit. Replaying its WAL after a restart needs more.",
    },
    {
      alert: "MimirIngesterNotShipping",
      expr: `min by (cluster, namespace, pod) (time() - (cortex_ingester_shipper_last_successful_upload_timestamp_seconds{${own}} > 0)) > 4 * 3600 and on (cluster, namespace, pod) sum by (cluster, namespace, pod) (rate(cortex_ingester_ingested_samples_total{${own}}[4h])) > 0`,
      for: "15m",
      severity: "critical",
      summary: "An ingester has not shipped a block for four hours.",
      description:
        "{{ $labels.pod }} last shipped {{ $value | humanizeDuration }} ago. Queries reaching back more than 13 h will miss its samples.",
    },
    {
      alert: "MimirIngesterTsdbFailing",
      expr: `rate(cortex_ingester_tsdb_compactions_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_head_truncations_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_wal_truncations_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_wal_corruptions_total{${own}}[15m]) > 0`,
      for: "15m",
      severity: "critical",
      summary: "An ingester cannot write its TSDB blocks or WAL.",
      description:
        "{{ $labels.pod }} fails to compact its head, or to truncate or replay its WAL; usually its disk is full or faulty.",
    },
    {
      alert: "MimirCompactorStale",
      expr: `max by (cluster, namespace) (cortex_compactor_last_successful_run_timestamp_seconds{${own}} > 0) < time() - 24 * 3600`,
      for: "1h",
      severity: "critical",
      summary: "No compaction has completed for 24 hours.",
      description: "Blocks are neither merged nor deleted: queries slow down and the bucket grows.",
    },
    {
      alert: "MimirCompactorFailing",
      expr: `sum by (cluster, namespace, pod) (increase(cortex_compactor_runs_failed_total{${own}}[2h])) >= 2`,
      severity: "warning",
      summary: "Mimir's compactor runs are failing.",
      description: "{{ $labels.pod }} failed {{ $value | humanize }} compactor runs in two hours.",
    },
    {
      alert: "MimirBucketIndexStale",
      expr: `min by (cluster, namespace, user) (time() - cortex_bucket_index_last_successful_update_timestamp_seconds{${own}}) > 2100`,
      severity: "critical",
      summary: "A tenant's bucket index is stale; its queries will fail within the hour.",
      description:
        "The bucket index of tenant {{ $labels.user }} was updated {{ $value | humanizeDuration }} ago; it should be updated every 15 minutes.",
    },
    {
      alert: "MimirStoreGatewayStale",
      expr: `time() - (cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds{${own}} > 0) > 1800`,
      for: "15m",
      severity: "critical",
      summary: "A store-gateway has stopped discovering new blocks.",
      description: "{{ $labels.pod }} last synchronized with the bucket {{ $value | humanizeDuration }} ago.",
    },
    {
      alert: "MimirObjectStoreFailing",
      expr: `100 * sum by (cluster, namespace, component, operation) (rate(thanos_objstore_bucket_operation_failures_total{${own}}[5m])) / sum by (cluster, namespace, component, operation) (rate(thanos_objstore_bucket_operations_total{${own}}[5m])) > 5`,
      for: "15m",
      severity: "warning",
      summary: "More than 5 % of Mimir's object storage requests fail.",
      description:
        '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} operations by {{ $labels.component }} fail. Mimir pods cannot start while the bucket is unreachable.',
    },
    ...(sizing.mode === "microservices" && sizing.caches ? [cacheErrors(own)] : []),
  ];
}

const cacheErrors = (own: string): Alert => ({
  alert: "MimirCacheErrors",
  expr: `100 * sum by (cluster, namespace, name, operation) (rate(thanos_cache_operation_failures_total{${own},operation!~"add|delete"}[5m])) / sum by (cluster, namespace, name, operation) (rate(thanos_cache_operations_total{${own},operation!~"add|delete"}[5m])) > 5`,
  for: "15m",
  severity: "warning",
  summary: "A Mimir cache returns errors.",
  description:
    '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} operations on {{ $labels.name }} fail; queries fall back to the bucket.',
});
