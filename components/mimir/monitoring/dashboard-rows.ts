import type { Row } from "../../../lib/monitoring/dashboard.ts";
import type { Unit } from "../../../lib/monitoring/grafana.ts";
import type { Panel } from "../../../lib/monitoring/panel.ts";
import { latencyPanel, ratePanel } from "../../../lib/monitoring/rates.ts";
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

/** What comes in, how fast, and what is refused. */
export function writes(own: string): Row {
  const pushed = `${own}, route=~"api_v1_push|otlp_v1_metrics"`;
  return {
    title: "Writes",
    panels: [
      ratePanel({
        title: "Write requests by answer",
        description: "202 is the other Prometheus of a pair, whose samples are there already.",
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
        title: "Samples dropped as copies",
        description: "About as many as are kept, where Prometheus runs as a pair.",
        own,
        by: "cluster",
        counters: [{ counter: "cortex_distributor_deduped_samples_total" }],
      }),
      ratePanel({
        title: "Samples refused by reason",
        own,
        by: "user, reason",
        counters: [{ counter: "cortex_discarded_samples_total" }],
      }),
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
      lines("Queries that wait", "short", `sum by (user) (cortex_query_scheduler_queue_length{${own}})`, "{{user}}"),
      latencyPanel({
        title: "Wait for a querier, 99th percentile",
        own,
        by: "cluster",
        histogram: "cortex_query_scheduler_queue_duration_seconds",
      }),
    ],
  };
}

/** Rules that Mimir evaluates. */
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
        "Slowest groups",
        "s",
        `topk(5, cortex_prometheus_rule_group_last_duration_seconds{${own}})`,
        "{{rule_group}}",
      ),
      ratePanel({
        title: "Alerts not taken by Alertmanager",
        own,
        by: "user",
        counters: [{ counter: "cortex_prometheus_notifications_errors_total" }],
      }),
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
      ratePanel({
        title: "Requests",
        own,
        by: "name, operation",
        unit: "reqps",
        counters: [{ counter: "thanos_cache_operations_total" }],
      }),
      lines(
        "Hits",
        "percentunit",
        `sum by (name) (rate(thanos_cache_hits_total{${own}}[$__rate_interval])) / sum by (name) (rate(thanos_cache_requests_total{${own}}[$__rate_interval]))`,
        "{{name}}",
      ),
      ratePanel({
        title: "Evictions",
        description: "A constant rate is a cache that is too small.",
        own,
        by: "job",
        counters: [{ counter: "memcached_items_evicted_total" }],
      }),
    ],
  };
}
