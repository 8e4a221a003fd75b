import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert } from "../../../lib/monitoring/rules.ts";
import { formatCount } from "../../../lib/sizing/index.ts";
import type { Alerted } from "./alerts.ts";

/** Share of a limit at which somebody should look: the rest is a few rollouts. */
const share = 0.8;
/** Series in one ingester's memory at which the mixin says to scale out. */
export const mostSeriesInMemory = 1_500_000;
/** Share of the memory limit at which an ingester is a restart away from being killed: its replay takes more. */
const memoryShare = 0.85;

/** Alerts about what Mimir holds: blocks, bucket, limits. */
export function storeAlerts(chart: ComponentChart, own: string, { sizing, tenant, ...known }: Alerted): Alert[] {
  const factor = sizing.replicationFactor;
  const most = Math.floor(known.seriesLimit * share);
  const ingester = sizing.mode === "monolithic" ? chart.name : `${chart.name}-ingester`;
  const inMemory = `namespace="${chart.home}",pod=~"${ingester}-.+"`;
  return [
    {
      alert: "MimirSeriesLimitNear",
      expr: `sum by (cluster, namespace, user) (cortex_ingester_memory_series_created_total{${own},user="${tenant}"} - cortex_ingester_memory_series_removed_total{${own},user="${tenant}"}) / ${factor} > ${most}`,
      for: "30m",
      severity: "warning",
      summary: `Tenant ${tenant} is near its limit of ${formatCount(known.seriesLimit)} series.`,
      description: "{{ $value | humanize }} series in memory. Beyond the limit new series are dropped.",
    },
    {
      alert: "MimirIngesterSeriesHigh",
      expr: `cortex_ingester_memory_series{${own}} > ${mostSeriesInMemory}`,
      for: "30m",
      severity: "warning",
      summary: "An ingester holds more series than it is sized for.",
      description: "{{ $labels.pod }} holds {{ $value | humanize }} series.",
    },
    {
      alert: "MimirIngesterMemoryHigh",
      expr: `max by (cluster, namespace, pod) (container_memory_working_set_bytes{${inMemory},container!=""}) / max by (cluster, namespace, pod) (kube_pod_container_resource_limits{${inMemory},resource="memory"}) > ${memoryShare}`,
      for: "15m",
      severity: "warning",
      summary: "An ingester is close to its memory limit.",
      description:
        "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its limit. A replay of its log takes more.",
    },
    {
      alert: "MimirIngesterNotShipping",
      expr: `min by (cluster, namespace, pod) (time() - (cortex_ingester_shipper_last_successful_upload_timestamp_seconds{${own}} > 0)) > 4 * 3600 and on (cluster, namespace, pod) sum by (cluster, namespace, pod) (rate(cortex_ingester_ingested_samples_total{${own}}[4h])) > 0`,
      for: "15m",
      severity: "critical",
      summary: "An ingester has not shipped a block for four hours.",
      description:
        "{{ $labels.pod }} shipped last {{ $value | humanizeDuration }} ago. Queries older than 13 h will miss what it holds.",
    },
    {
      alert: "MimirIngesterTsdbFailing",
      expr: `rate(cortex_ingester_tsdb_compactions_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_head_truncations_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_wal_truncations_failed_total{${own}}[15m]) + rate(cortex_ingester_tsdb_wal_corruptions_total{${own}}[15m]) > 0`,
      for: "15m",
      severity: "critical",
      summary: "An ingester cannot write its blocks or its log.",
      description: "{{ $labels.pod }} fails to compact, truncate or replay: most often its disk is full or broken.",
    },
    {
      alert: "MimirCompactorStale",
      expr: `max by (cluster, namespace) (cortex_compactor_last_successful_run_timestamp_seconds{${own}} > 0) < time() - 24 * 3600`,
      for: "1h",
      severity: "critical",
      summary: "No compaction has finished for a day.",
      description: "Nothing is merged and nothing deleted: queries get slower and the bucket grows.",
    },
    {
      alert: "MimirCompactorFailing",
      expr: `sum by (cluster, namespace, pod) (increase(cortex_compactor_runs_failed_total{${own}}[2h])) >= 2`,
      severity: "warning",
      summary: "Compactions fail.",
      description: "{{ $labels.pod }} failed {{ $value | humanize }} runs in two hours.",
    },
    {
      alert: "MimirBucketIndexStale",
      expr: `min by (cluster, namespace, user) (time() - cortex_bucket_index_last_successful_update_timestamp_seconds{${own}}) > 2100`,
      severity: "critical",
      summary: "A tenant's bucket index is old: its queries will fail within the hour.",
      description:
        "The index of {{ $labels.user }} was written {{ $value | humanizeDuration }} ago, every 15 minutes is right.",
    },
    {
      alert: "MimirStoreGatewayStale",
      expr: `time() - (cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds{${own}} > 0) > 1800`,
      for: "15m",
      severity: "critical",
      summary: "A store-gateway does not see new blocks.",
      description: "{{ $labels.pod }} looked at the bucket {{ $value | humanizeDuration }} ago.",
    },
    {
      alert: "MimirObjectStoreFailing",
      expr: `100 * sum by (cluster, namespace, component, operation) (rate(thanos_objstore_bucket_operation_failures_total{${own}}[5m])) / sum by (cluster, namespace, component, operation) (rate(thanos_objstore_bucket_operations_total{${own}}[5m])) > 5`,
      for: "15m",
      severity: "warning",
      summary: "More than 5 % of requests to the bucket fail.",
      description:
        '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} by {{ $labels.component }} fail. A Mimir pod that starts without its bucket ends.',
    },
    ...(sizing.mode === "microservices" && sizing.caches ? [cacheErrors(own)] : []),
  ];
}

const cacheErrors = (own: string): Alert => ({
  alert: "MimirCacheErrors",
  expr: `100 * sum by (cluster, namespace, name, operation) (rate(thanos_cache_operation_failures_total{${own},operation!~"add|delete"}[5m])) / sum by (cluster, namespace, name, operation) (rate(thanos_cache_operations_total{${own},operation!~"add|delete"}[5m])) > 5`,
  for: "15m",
  severity: "warning",
  summary: "A cache answers with errors.",
  description:
    '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} on {{ $labels.name }} fail: queries go to the bucket.',
});
