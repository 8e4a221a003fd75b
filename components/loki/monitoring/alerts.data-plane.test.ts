import { App } from "cdk8s";
import { test } from "vitest";
import { retentionProfiles, workloads } from "../../../lib/sizing/index.ts";
import {
  type AlertCase,
  checkRules,
  constant,
  counter,
  gauge,
  runAlertCases,
  slope,
} from "../../../test/support/alerts.ts";
import { LokiChart } from "../index.ts";

const retention = retentionProfiles.standard;
const chart = new LokiChart(new App(), "loki", {
  namespace: "obs",
  retention,
  workload: workloads.medium,
  objectStore: { kind: "gcs", identity: {} },
  tenants: {
    "team.a": { max_global_streams_per_user: 1_000 },
    unlimited: { max_global_streams_per_user: 0 },
    "team-b": { ingestion_rate_mb: 8 },
  },
});

const at = (service: string, more: string) => `{namespace="obs",job="loki-${service}",pod="loki-${service}-0"${more}}`;
const requests = (code: string) =>
  `loki_request_duration_seconds_count${at("distributor", `,route="loki_api_v1_push",status_code="${code}"`)}`;
const bucket = (le: string) =>
  `loki_request_duration_seconds_bucket${at("distributor", `,route="loki_api_v1_push",le="${le}"`)}`;
/** Of 18,000 streams, three copies each, 80 %. */
const streams = 43_200;
const streamsOf = (tenant: string) => `loki_ingester_memory_streams${at("ingester", `,tenant="${tenant}"`)}`;

const cases: readonly AlertCase[] = [
  // 10 % of all is exactly the threshold.
  { alert: "LokiRequestErrors", series: { [requests("500")]: counter(11, 10), [requests("204")]: counter(89, 90) } },
  // 2 % above a second, then 0.5 %.
  {
    alert: "LokiRequestLatency",
    series: {
      [bucket("1")]: counter(980, 995),
      [bucket("2.5")]: counter(1000, 1000),
      [bucket("+Inf")]: counter(1000, 1000),
    },
  },
  { alert: "LokiPanics", series: { [`loki_panic_total${at("querier", "")}`]: counter(1, 0) } },
  {
    alert: "LokiLogsDiscarded",
    series: {
      [`loki_discarded_samples_total${at("distributor", ',tenant="a",reason="rate_limited"')}`]: counter(61, 60),
    },
  },
  {
    alert: "LokiStreamLimitNear",
    series: { [streamsOf("team-b")]: gauge(streams + 1, streams), [streamsOf("team-c")]: constant(streams) },
  },
  // A tenant with a limit of its own, and one that looks like it; together they exceed the limit of one.
  {
    alert: "LokiStreamLimitNear",
    series: {
      [streamsOf("team.a")]: gauge(2_401, 2_400),
      [streamsOf("team-a")]: constant(streams),
      [streamsOf("unlimited")]: constant(10 * streams),
    },
  },
  {
    alert: "LokiFlushFailing",
    series: { [`loki_ingester_chunks_flush_failures_total${at("ingester", "")}`]: counter(1, 0) },
  },
  {
    alert: "LokiWalDiskFull",
    series: { [`loki_ingester_wal_disk_usage_percent${at("ingester", "")}`]: gauge(0.81, 0.8) },
  },
  // A timestamp that stands still, then follows the clock ten minutes behind.
  {
    alert: "LokiCompactionStale",
    minutes: 300,
    series: {
      [`loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds${at("compactor", "")}`]:
        slope([1, 0], [17_400, 60]),
    },
  },
  {
    alert: "LokiRetentionStale",
    minutes: 1_560,
    series: {
      [`loki_compactor_apply_retention_last_successful_run_timestamp_seconds${at("compactor", "")}`]: slope(
        [1, 0],
        [93_000, 60],
      ),
    },
  },
  {
    alert: "LokiRulerFailing",
    series: { [`loki_prometheus_rule_evaluation_failures_total${at("ruler", ',rule_group="shop"')}`]: counter(1, 0) },
  },
];

test("every alert fires above its threshold, and stays silent just below it", () => runAlertCases(chart, cases));
test("promtool and its linter accept every rule", () => checkRules(chart));
