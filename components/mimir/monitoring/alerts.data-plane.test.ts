import { test } from "vitest";
import { retentionProfiles } from "../../../lib/sizing/index.ts";
import {
  type AlertCase,
  checkRules,
  constant,
  counter,
  gauge,
  runAlertCases,
  slope,
} from "../../../test/support/alerts.ts";
import { render } from "../../../test/support/mimir.ts";

/** With zones, caches and rulers: every alert is there. */
const chart = render("large", { evaluator: "mimir", retention: retentionProfiles.archive });

const of = (part: string) => `namespace="obs",job="mimir-${part}",pod="mimir-${part}-0"`;
const ingester = `namespace="obs",job="mimir-ingester",pod="mimir-ingester-zone-a-0"`;
const memory = `namespace="obs",pod="mimir-ingester-zone-a-0",container="ingester"`;
const push = `cortex_request_duration_seconds_count{${of("distributor")},route="api_v1_push"`;

/** A time that stands still from the first second on, and, after so many minutes, one that goes with the clock. */
const stale = (minutes: number) => slope([1, 0], [minutes * 60, 60]);

const cases: AlertCase[] = [
  {
    alert: "MimirRequestErrors",
    series: {
      [`${push},status_code="500"}`]: counter(2, 0),
      [`${push},status_code="200"}`]: counter(98, 100),
    },
  },
  {
    // Asked to slow down, a sender comes back: that is no error.
    alert: "MimirRequestErrors",
    series: {
      [`${push},status_code="503"}`]: counter(2, 0),
      [`${push},status_code="529"}`]: counter(50, 50),
      [`${push},status_code="200"}`]: counter(48, 50),
    },
  },
  {
    alert: "MimirPushLatency",
    series: {
      [`cortex_request_duration_seconds_bucket{${of("distributor")},route="api_v1_push",le="2.5"}`]: counter(95, 100),
      [`cortex_request_duration_seconds_bucket{${of("distributor")},route="api_v1_push",le="5"}`]: counter(100, 100),
      [`cortex_request_duration_seconds_bucket{${of("distributor")},route="api_v1_push",le="+Inf"}`]: counter(100, 100),
    },
  },
  {
    alert: "MimirIngesterUnhealthy",
    series: { [`cortex_ring_members{${of("distributor")},name="ingester",state="Unhealthy"}`]: gauge(1, 0) },
  },
  {
    alert: "MimirSamplesDiscarded",
    series: {
      [`cortex_discarded_samples_total{${of("distributor")},user="anonymous",reason="per_user_series_limit"}`]: counter(
        90,
        30,
      ),
    },
  },
  {
    alert: "MimirHaReplicaFlapping",
    series: {
      [`cortex_ha_tracker_elected_replica_changes_total{${of("distributor")},user="anonymous"}`]: counter(1, 0),
    },
  },
  {
    alert: "MimirQueriesStuck",
    series: { [`cortex_query_scheduler_queue_length{${of("query-scheduler")},user="anonymous"}`]: gauge(3, 0) },
  },
  {
    alert: "MimirRuntimeConfigRejected",
    series: { [`cortex_runtime_config_last_reload_successful{${of("querier")}}`]: gauge(0, 1) },
  },
  {
    alert: "MimirRuleFailing",
    series: {
      [`cortex_prometheus_rule_evaluation_failures_total{${of("ruler")},user="anonymous",rule_group="g",reason="user"}`]:
        counter(1, 0),
    },
  },
  {
    alert: "MimirRulesNotRead",
    series: {
      [`cortex_ruler_sync_rules_total{${of("ruler")},reason="periodic"}`]: counter(1, 1),
      [`cortex_ruler_load_rule_groups_seconds_count{${of("ruler")}}`]: counter(0, 1),
    },
  },
  {
    alert: "MimirRuleEvaluationsMissed",
    series: {
      [`cortex_prometheus_rule_group_iterations_missed_total{${of("ruler")},user="anonymous"}`]: counter(2, 0),
      [`cortex_prometheus_rule_group_iterations_total{${of("ruler")},user="anonymous"}`]: counter(100, 100),
    },
  },
  {
    alert: "MimirRulerNotNotifying",
    series: {
      [`cortex_prometheus_notifications_errors_total{${of("ruler")},user="anonymous"}`]: counter(1, 0),
      [`cortex_prometheus_notifications_alertmanagers_discovered{${of("ruler")},user="anonymous"}`]: constant(3),
    },
  },
  {
    alert: "MimirRulerNotNotifying",
    series: {
      [`cortex_prometheus_notifications_alertmanagers_discovered{${of("ruler")},user="anonymous"}`]: gauge(0, 1),
    },
  },
  {
    alert: "MimirSeriesLimitNear",
    series: {
      // 16.2 M of 20 M series, three copies of each; then 15.9 M.
      [`cortex_ingester_memory_series_created_total{${ingester},user="anonymous"}`]: gauge(48_600_000, 47_700_000),
      [`cortex_ingester_memory_series_removed_total{${ingester},user="anonymous"}`]: constant(0),
    },
  },
  {
    alert: "MimirIngesterSeriesHigh",
    series: { [`cortex_ingester_memory_series{${ingester}}`]: gauge(1_500_001, 1_500_000) },
  },
  {
    alert: "MimirIngesterMemoryHigh",
    series: {
      [`container_memory_working_set_bytes{${memory}}`]: gauge(86, 85),
      [`kube_pod_container_resource_limits{${memory},resource="memory"}`]: constant(100),
    },
  },
  {
    alert: "MimirIngesterTsdbFailing",
    series: {
      [`cortex_ingester_tsdb_compactions_failed_total{${ingester}}`]: counter(1, 0),
      [`cortex_ingester_tsdb_head_truncations_failed_total{${ingester}}`]: constant(0),
      [`cortex_ingester_tsdb_wal_truncations_failed_total{${ingester}}`]: constant(0),
      [`cortex_ingester_tsdb_wal_corruptions_total{${ingester}}`]: constant(0),
    },
  },
  {
    alert: "MimirIngesterNotShipping",
    minutes: 300,
    series: {
      [`cortex_ingester_shipper_last_successful_upload_timestamp_seconds{${ingester}}`]: stale(300),
      [`cortex_ingester_ingested_samples_total{${ingester},user="anonymous"}`]: counter(1, 1),
    },
  },
  {
    alert: "MimirCompactorStale",
    minutes: 1560,
    series: { [`cortex_compactor_last_successful_run_timestamp_seconds{${of("compactor")}}`]: stale(1560) },
  },
  {
    alert: "MimirArchiveIncomplete",
    minutes: 3120,
    series: { 'kube_cronjob_status_last_successful_time{namespace="obs",cronjob="mimir-archive"}': stale(3120) },
  },
  {
    // It has never completed.
    alert: "MimirArchiveIncomplete",
    minutes: 3120,
    series: { 'kube_cronjob_created{namespace="obs",cronjob="mimir-archive"}': stale(3120) },
  },
  {
    alert: "MimirBucketIndexStale",
    minutes: 60,
    series: {
      [`cortex_bucket_index_last_successful_update_timestamp_seconds{${of("compactor")},user="anonymous"}`]: stale(60),
    },
  },
  {
    alert: "MimirStoreGatewayStale",
    minutes: 60,
    series: {
      [`cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds{${of("store-gateway")},component="store-gateway"}`]:
        stale(60),
    },
  },
  {
    alert: "MimirCompactorFailing",
    series: { [`cortex_compactor_runs_failed_total{${of("compactor")}}`]: counter(1, 0) },
  },
  {
    alert: "MimirObjectStoreFailing",
    series: {
      [`thanos_objstore_bucket_operation_failures_total{${of("store-gateway")},component="store-gateway",operation="get"}`]:
        counter(6, 5),
      [`thanos_objstore_bucket_operations_total{${of("store-gateway")},component="store-gateway",operation="get"}`]:
        counter(100, 100),
    },
  },
  {
    alert: "MimirCacheErrors",
    series: {
      [`thanos_cache_operation_failures_total{${of("store-gateway")},name="chunks-cache",operation="getmulti"}`]:
        counter(6, 5),
      [`thanos_cache_operations_total{${of("store-gateway")},name="chunks-cache",operation="getmulti"}`]: counter(
        100,
        100,
      ),
    },
  },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(chart, cases);
});

test("promtool and its linter accept every rule", () => {
  checkRules(chart);
});
