import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, checkRules, constant, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { AlloyChart } from "../index.ts";

const chart = new AlloyChart(new App(), "alloy", {
  namespace: "agents",
  logs: { scheme: "http", host: "loki", port: 3100 },
  gateway: { otlp: { scheme: "grpc", host: "gateway", port: 4317 } },
});

const at = (more: string) => `{namespace="agents",job="alloy",pod="alloy-x"${more}}`;
const components = (health: string) => `alloy_component_controller_running_components${at(`,health_type="${health}"`)}`;
const answers = (code: string) => `loki_write_request_duration_seconds_count${at(`,status_code="${code}"`)}`;

const signals = ["spans", "metric_points", "log_records"];

const cases: readonly AlertCase[] = [
  {
    alert: "AlloyComponentUnhealthy",
    series: { [components("unhealthy")]: gauge(1, 0), [components("healthy")]: constant(9) },
  },
  { alert: "AlloyConfigRejected", series: { [`alloy_config_last_load_successful${at("")}`]: gauge(0, 1) } },
  {
    alert: "AlloyLogsDropped",
    series: { [`loki_write_dropped_entries_total${at(',reason="rate_limited"')}`]: counter(1, 0) },
  },
  { alert: "AlloyLogsNotAccepted", series: { [answers("429")]: counter(11, 10), [answers("204")]: counter(89, 90) } },
  { alert: "AlloyTelemetryRefused", series: { [`otelcol_receiver_refused_spans_total${at("")}`]: counter(1, 0) } },
  // One signal fails while the others are delivered.
  ...signals.map((failing) => ({
    alert: "AlloyTelemetryNotDelivered",
    series: Object.fromEntries(
      signals.map((signal) => [
        `otelcol_exporter_send_failed_${signal}_total${at("")}`,
        counter(signal === failing ? 1 : 0, 0),
      ]),
    ),
  })),
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () =>
  runAlertCases(chart, cases));
test("promtool and its linter accept every rule", () => checkRules(chart));
