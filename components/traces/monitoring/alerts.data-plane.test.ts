import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, checkRules, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { TracesChart } from "../index.ts";

const at = (job: string, more: string) => `{namespace="obs",job="${job}",pod="${job}-0"${more}}`;

const jaeger = new TracesChart(new App(), "traces", { namespace: "obs" });
const stored = (result: string) =>
  `jaeger_storage_requests_total${at("jaeger", `,operation="find_traces",result="${result}"`)}`;
const jaegerCases: readonly AlertCase[] = [
  {
    alert: "JaegerSpansNotStored",
    series: {
      [`otelcol_exporter_send_failed_spans_total${at("jaeger", ',exporter="jaeger_storage_exporter"')}`]: counter(1, 0),
    },
  },
  {
    alert: "JaegerSpansRefused",
    series: { [`otelcol_receiver_refused_spans_total${at("jaeger", "")}`]: counter(1, 0) },
  },
  { alert: "JaegerQueriesFailing", series: { [stored("err")]: counter(11, 10), [stored("ok")]: counter(89, 90) } },
];

const tempo = new TracesChart(new App(), "traces", {
  namespace: "obs",
  backend: "tempo",
  objectStore: { kind: "s3", endpoint: "s3.example", region: "eu", identity: {} },
  kafka: { address: "kafka:9092" },
});
const requests = (code: string) =>
  `tempo_request_duration_seconds_count${at("tempo-querier", `,route="api_search",status_code="${code}"`)}`;
const tempoCases: readonly AlertCase[] = [
  { alert: "TempoRequestErrors", series: { [requests("500")]: counter(11, 10), [requests("200")]: counter(89, 90) } },
  {
    alert: "TempoSpansDiscarded",
    series: { [`tempo_discarded_spans_total${at("tempo-distributor", ',reason="rate_limited"')}`]: counter(61, 60) },
  },
  // More than two an hour, and one just now.
  {
    alert: "TempoCompactionsFailing",
    series: { [`tempodb_compaction_errors_total${at("tempo-backend-worker", "")}`]: counter(1, 0) },
  },
  {
    alert: "TempoPollsFailing",
    series: { [`tempodb_blocklist_poll_errors_total${at("tempo-querier", "")}`]: counter(1, 0) },
  },
  {
    alert: "TempoQueueLag",
    series: {
      [`tempo_ingest_group_partition_lag_seconds${at("tempo-live-store", ',group="live-store",partition="0"')}`]: gauge(
        201,
        200,
      ),
    },
  },
];

test.each([
  ["Jaeger", jaeger, jaegerCases],
  ["Tempo", tempo, tempoCases],
] as const)("each alert of %s fires, and does not just below its threshold", (_, chart, cases) => {
  runAlertCases(chart, cases);
});
test.each([jaeger, tempo])("promtool and its linter accept every rule", (chart) => checkRules(chart));
