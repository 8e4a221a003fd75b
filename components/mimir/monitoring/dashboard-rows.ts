import type { Row } from "../../../lib/monitoring/dashboard.ts";
import type { Unit } from "../../../lib/monitoring/grafana.ts";
import type { Panel } from "../../../lib/monitoring/panel.ts";
import { latencyPanel, ratePanel } from "../../../lib/monitoring/rates.ts";
import { maxSeriesPerIngester } from "./store-alerts.ts";

/** A time series panel with a single query. */
export const lines = (title: string, unit: Unit, promql: string, legend: string, description?: string): Panel => ({
  type: "timeseries",
  title,
  unit,
  min: 0,
  queries: [{ promql, legend }],
  ...(description && { description }),
});

/** Ingestion: request rate, latency, deduplicated and rejected samples. */
export function writes(own: string): Row {
  const pushed = `${own}, route=~"api_v1_push|otlp_v1_metrics"`;
  return {
    title: "Writes",
    panels: [
      ratePanel({
        title: "Write requests by status",
        description: "Status 202: samples from the standby replica of an HA pair, which are deduplicated.",
        own: pushed,
        by: "status_code",
        unit: "reqps",
        counters: [{ counter: "cortex_request_duration_seconds_count" }],
      }),
      latencyPanel({
        title: "Write latency, 99th percentile",
        own: pushed,
        by: "job",
        histogram: "cortex_request_duration_seconds",
      }),
      ratePanel({
        title: "Samples deduplicated",
        description: "About equal to the samples kept where Prometheus runs as an HA pair.",
        own,
        by: "cluster",
        counters: [{ counter: "cortex_distributor_deduped_samples_total" }],
      }),
      ratePanel({
        title: "Samples rejected by reason",
        own,
        by: "user, reason",
        counters: [{ counter: "cortex_discarded_samples_total" }],
      }),
      {
        type: "timeseries",
        title: "Series per ingester",
        unit: "short",
        min: 0,
        thresholds: { warning: maxSeriesPerIngester },
        queries: [{ promql: `cortex_ingester_memory_series{${own}}`, legend: "{{pod}}" }],
      },
      lines(
        "HA replica failovers (30 min)",
        "short",
        `sum by (user) (increase(cortex_ha_tracker_elected_replica_changes_total{${own}}[30m]))`,
        "{{user}}",
      ),
    ],
  };
}

/** Queries: rate, latency and queueing. */
export function reads(own: string): Row {
  const asked = `${own}, route=~"prometheus_api_v1_(query|query_range|read|series|labels|label_name_values)"`;
  return {
    title: "Reads",
    panels: [
      ratePanel({
        title: "Queries",
        own: asked,
        by: "route",
        unit: "reqps",
        counters: [{ counter: "cortex_request_duration_seconds_count" }],
      }),
      latencyPanel({
        title: "Query latency, 99th percentile",
        own: asked,
        by: "job, route",
        histogram: "cortex_request_duration_seconds",
      }),
      lines("Queued queries", "short", `sum by (user) (cortex_query_scheduler_queue_length{${own}})`, "{{user}}"),
      latencyPanel({
        title: "Queue time, 99th percentile",
        own,
        by: "cluster",
        histogram: "cortex_query_scheduler_queue_duration_seconds",
      }),
    ],
  };
}

/** Rules evaluated by Mimir. */
export function evaluation(own: string): Row {
  return {
    title: "Rules",
    panels: [
      ratePanel({
        title: "Evaluations",
        own,
        by: "user",
        counters: [{ counter: "cortex_prometheus_rule_evaluations_total" }],
      }),
      lines(
        "Failures",
        "cps",
        `sum by (user, rule_group) (rate(cortex_prometheus_rule_evaluation_failures_total{${own}}[$__rate_interval])) > 0`,
        "{{user}} {{rule_group}}",
      ),
      lines(
        "Slowest rule groups",
        "s",
        `topk(5, cortex_prometheus_rule_group_last_duration_seconds{${own}})`,
        "{{rule_group}}",
      ),
      ratePanel({
        title: "Failed alert notifications",
        own,
        by: "user",
        counters: [{ counter: "cortex_prometheus_notifications_errors_total" }],
      }),
    ],
  };
}

/** Object storage: blocks, shipping, compaction and failed operations. */
export function blocks(own: string): Row {
  return {
    title: "Blocks and bucket",
    panels: [
      lines("Blocks in the bucket", "short", `max by (user) (cortex_bucket_blocks_count{${own}})`, "{{user}}"),
      lines(
        "Time since last shipped block",
        "s",
        `time() - (cortex_ingester_shipper_last_successful_upload_timestamp_seconds{${own}} > 0)`,
        "{{pod}}",
        "Ingesters ship a block every two hours.",
      ),
      lines(
        "Failed object storage operations",
        "percentunit",
        `sum by (component, operation) (rate(thanos_objstore_bucket_operation_failures_total{${own}}[$__rate_interval])) / sum by (component, operation) (rate(thanos_objstore_bucket_operations_total{${own}}[$__rate_interval]))`,
        "{{component}} {{operation}}",
      ),
      lines(
        "Completed compactor runs (1 h)",
        "short",
        `sum by (pod) (increase(cortex_compactor_runs_completed_total{${own}}[1h]))`,
        "{{pod}}",
      ),
    ],
  };
}

/** Cache requests, hit ratio and evictions. */
export function cacheRow(own: string): Row {
  return {
    title: "Caches",
    collapsed: true,
    panels: [
      ratePanel({
        title: "Requests",
        own,
        by: "name, operation",
        unit: "reqps",
        counters: [{ counter: "thanos_cache_operations_total" }],
      }),
      lines(
        "Hit ratio",
        "percentunit",
        `sum by (name) (rate(thanos_cache_hits_total{${own}}[$__rate_interval])) / sum by (name) (rate(thanos_cache_requests_total{${own}}[$__rate_interval]))`,
        "{{name}}",
      ),
      ratePanel({
        title: "Evictions",
        description: "A sustained eviction rate means the cache is too small.",
        own,
        by: "job",
        counters: [{ counter: "memcached_items_evicted_total" }],
      }),
    ],
  };
}
