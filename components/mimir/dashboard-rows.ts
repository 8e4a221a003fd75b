import type { Row } from "../../lib/monitoring/dashboard.ts";
import type { Unit } from "../../lib/monitoring/grafana.ts";
import type { Panel } from "../../lib/monitoring/panel.ts";
import { mostSeriesInMemory } from "./store-alerts.ts";

/** Lines over time of one query. */
export const lines = (title: string, unit: Unit, promql: string, legend: string, description?: string): Panel => ({
  type: "timeseries",
  title,
  unit,
  min: 0,
  queries: [{ promql, legend }],
  ...(description && { description }),
});

/** The 99th percentile of a histogram of requests. */
const p99 = (metric: string, own: string, by: string): string =>
  `histogram_quantile(0.99, sum by (${by}, le) (rate(${metric}_bucket{${own}}[$__rate_interval])))`;

/** What comes in, how fast, and what is refused. */
export function writes(own: string): Row {
  const pushed = `${own}, route=~"api_v1_push|otlp_v1_metrics"`;
  return {
    title: "Writes",
    panels: [
      lines(
        "Write requests by answer",
        "reqps",
        `sum by (status_code) (rate(cortex_request_duration_seconds_count{${pushed}}[$__rate_interval]))`,
        "{{status_code}}",
        "202 is the other Prometheus of a pair, whose samples are there already.",
      ),
      lines("Write latency, 99th percentile", "s", p99("cortex_request_duration_seconds", pushed, "job"), "{{job}}"),
      lines(
        "Samples dropped as copies",
        "cps",
        `sum by (cluster) (rate(cortex_distributor_deduped_samples_total{${own}}[$__rate_interval]))`,
        "of cluster {{cluster}}",
        "About as many as are kept, where Prometheus runs as a pair.",
      ),
      lines(
        "Samples refused by reason",
        "cps",
        `sum by (user, reason) (rate(cortex_discarded_samples_total{${own}}[$__rate_interval]))`,
        "{{user}} {{reason}}",
      ),
      {
        type: "timeseries",
        title: "Series by ingester",
        unit: "short",
        min: 0,
        thresholds: { warning: mostSeriesInMemory },
        queries: [{ promql: `cortex_ingester_memory_series{${own}}`, legend: "{{pod}}" }],
      },
      lines(
        "Changes of the elected replica",
        "short",
        `sum by (user) (increase(cortex_ha_tracker_elected_replica_changes_total{${own}}[30m]))`,
        "{{user}}",
      ),
    ],
  };
}

/** What is asked, and how long it waits. */
export function reads(own: string): Row {
  const asked = `${own}, route=~"prometheus_api_v1_(query|query_range|read|series|labels|label_name_values)"`;
  return {
    title: "Reads",
    panels: [
      lines(
        "Queries",
        "reqps",
        `sum by (route) (rate(cortex_request_duration_seconds_count{${asked}}[$__rate_interval]))`,
        "{{route}}",
      ),
      lines(
        "Query latency, 99th percentile",
        "s",
        p99("cortex_request_duration_seconds", asked, "job, route"),
        "{{job}} {{route}}",
      ),
      lines("Queries that wait", "short", `sum by (user) (cortex_query_scheduler_queue_length{${own}})`, "{{user}}"),
      lines(
        "Wait for a querier, 99th percentile",
        "s",
        p99("cortex_query_scheduler_queue_duration_seconds", own, "cluster"),
        "{{cluster}}",
      ),
    ],
  };
}

/** Rules that Mimir evaluates. */
export function evaluation(own: string): Row {
  return {
    title: "Rules",
    panels: [
      lines(
        "Evaluations",
        "cps",
        `sum by (user) (rate(cortex_prometheus_rule_evaluations_total{${own}}[$__rate_interval]))`,
        "{{user}}",
      ),
      lines(
        "Failures",
        "cps",
        `sum by (user, rule_group) (rate(cortex_prometheus_rule_evaluation_failures_total{${own}}[$__rate_interval])) > 0`,
        "{{user}} {{rule_group}}",
      ),
      lines(
        "Slowest groups",
        "s",
        `topk(5, cortex_prometheus_rule_group_last_duration_seconds{${own}})`,
        "{{rule_group}}",
      ),
      lines(
        "Alerts not taken by Alertmanager",
        "cps",
        `sum by (user) (rate(cortex_prometheus_notifications_errors_total{${own}}[$__rate_interval]))`,
        "{{user}}",
      ),
    ],
  };
}

/** What lies in the bucket, and whether the way there is open. */
export function blocks(own: string): Row {
  return {
    title: "Blocks and bucket",
    panels: [
      lines("Blocks in the bucket", "short", `max by (user) (cortex_bucket_blocks_count{${own}})`, "{{user}}"),
      lines(
        "Since an ingester's last block",
        "s",
        `time() - (cortex_ingester_shipper_last_successful_upload_timestamp_seconds{${own}} > 0)`,
        "{{pod}}",
        "Two hours and a little is right.",
      ),
      lines(
        "Failed requests to the bucket",
        "percentunit",
        `sum by (component, operation) (rate(thanos_objstore_bucket_operation_failures_total{${own}}[$__rate_interval])) / sum by (component, operation) (rate(thanos_objstore_bucket_operations_total{${own}}[$__rate_interval]))`,
        "{{component}} {{operation}}",
      ),
      lines(
        "Compactor runs",
        "short",
        `sum by (pod) (increase(cortex_compactor_runs_completed_total{${own}}[1h]))`,
        "{{pod}} completed an hour",
      ),
    ],
  };
}

/** What the caches save. */
export function cacheRow(own: string): Row {
  return {
    title: "Caches",
    collapsed: true,
    panels: [
      lines(
        "Requests",
        "reqps",
        `sum by (name, operation) (rate(thanos_cache_operations_total{${own}}[$__rate_interval]))`,
        "{{name}} {{operation}}",
      ),
      lines(
        "Hits",
        "percentunit",
        `sum by (name) (rate(thanos_cache_hits_total{${own}}[$__rate_interval])) / sum by (name) (rate(thanos_cache_requests_total{${own}}[$__rate_interval]))`,
        "{{name}}",
      ),
      lines(
        "Evictions",
        "cps",
        `sum by (job) (rate(memcached_items_evicted_total{${own}}[$__rate_interval]))`,
        "{{job}}",
        "A constant rate is a cache that is too small.",
      ),
    ],
  };
}
