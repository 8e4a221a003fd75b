import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, checkRules, constant, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { OtelGatewayChart } from "../index.ts";

/** Two gateways, as the `small` workload has them. */
const gateways = (traces: boolean) =>
  new OtelGatewayChart(new App(), "gateway", {
    namespace: "observability",
    ...(traces && { traces: { scheme: "grpc", host: "jaeger", port: 4317, backend: "jaeger" } }),
  });

const self = 'namespace="observability",job="otel-gateway-collector-monitoring",pod="otel-gateway-collector-0"';
const target = (pod: number) =>
  `up{namespace="observability",job="otel-gateway-collector-headless",pod="otel-gateway-collector-${pod}"}`;
const sampling = (metric: string, more = "") => `otelcol_processor_tail_sampling_${metric}{${self}${more}}`;

const cases: AlertCase[] = [
  {
    alert: "OtelGatewayRefusingData",
    series: { [`otelcol_receiver_refused_spans_total{${self},receiver="otlp"}`]: counter(1, 0) },
  },
  {
    alert: "OtelGatewayRefusingData",
    series: { [`otelcol_receiver_refused_metric_points_total{${self},receiver="otlp"}`]: counter(1, 0) },
  },
  {
    alert: "OtelGatewayQueueFilling",
    series: {
      [`otelcol_exporter_queue_size{${self},exporter="otlp_grpc/jaeger",data_type="traces"}`]: gauge(71, 70),
      [`otelcol_exporter_queue_capacity{${self},exporter="otlp_grpc/jaeger",data_type="traces"}`]: constant(100),
    },
  },
  {
    alert: "OtelGatewayExportFailing",
    series: { [`otelcol_exporter_send_failed_spans_total{${self},exporter="otlp_grpc/jaeger"}`]: counter(1, 0) },
  },
  {
    alert: "OtelGatewayLosingData",
    series: { [`otelcol_exporter_enqueue_failed_log_records_total{${self},exporter="otlp_http/loki"}`]: counter(1, 0) },
  },
  { alert: "OtelGatewayTargetsWrong", series: { [target(0)]: constant(1), [target(1)]: gauge(0, 1) } },
  {
    // A monitor that matches the base Service too finds each pod a second time.
    alert: "OtelGatewayTargetsWrong",
    series: {
      [target(0)]: constant(1),
      [target(1)]: constant(1),
      'up{namespace="observability",job="otel-gateway-collector-headless",pod="otel-gateway-collector-0",endpoint="again"}':
        gauge(1, undefined),
    },
  },
  { alert: "OtelGatewayTargetsWrong", series: { [target(0)]: gauge(undefined, 1), [target(1)]: gauge(undefined, 1) } },
  {
    alert: "OtelGatewayTracesDroppedEarly",
    series: { [sampling("sampling_trace_dropped_too_early_total")]: counter(1, 0) },
  },
  {
    alert: "OtelGatewayLateSpans",
    series: {
      [sampling("early_releases_from_cache_decision_total", ',sampled="true"')]: counter(11, 10),
      [`otelcol_receiver_accepted_spans_total{${self},receiver="otlp"}`]: counter(1000, 1000),
    },
  },
  {
    alert: "OtelGatewaySamplingErrors",
    series: { [sampling("sampling_policy_evaluation_error_total")]: counter(1, 0) },
  },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(gateways(true), cases);
});

test("promtool and its linter accept every rule", () => {
  checkRules(gateways(true));
  checkRules(gateways(false));
});
