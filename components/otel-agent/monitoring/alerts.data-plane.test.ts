import { App } from "cdk8s";
import { test } from "vitest";
import type { Endpoint } from "../../../lib/kubernetes/index.ts";
import { type AlertCase, checkRules, constant, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { OtelAgentChart } from "../index.ts";

const otlp: Endpoint = { scheme: "grpc", host: "gateway.observability.svc.cluster.local", port: 4317 };
const agents = () =>
  new OtelAgentChart(new App(), "agent", { namespace: "observability", gateway: { otlp, otlpByTraceId: otlp } });

const self = 'namespace="observability",job="otel-agent-collector-monitoring",pod="otel-agent-collector-x"';
const daemonSet = 'namespace="observability",daemonset="otel-agent-collector"';

const cases: AlertCase[] = [
  {
    alert: "OtelAgentRefusingData",
    series: { [`otelcol_receiver_refused_log_records_total{${self},receiver="otlp"}`]: counter(1, 0) },
  },
  {
    alert: "OtelAgentQueueFilling",
    series: {
      [`otelcol_exporter_queue_size{${self},exporter="otlp_grpc",data_type="metrics"}`]: gauge(71, 70),
      [`otelcol_exporter_queue_capacity{${self},exporter="otlp_grpc",data_type="metrics"}`]: constant(100),
    },
  },
  {
    alert: "OtelAgentExportFailing",
    series: { [`otelcol_exporter_send_failed_metric_points_total{${self},exporter="otlp_grpc"}`]: counter(1, 0) },
  },
  {
    alert: "OtelAgentLosingData",
    series: { [`otelcol_exporter_enqueue_failed_spans_total{${self},exporter="load_balancing"}`]: counter(1, 0) },
  },
  {
    alert: "OtelAgentMissingOnNodes",
    series: {
      [`kube_daemonset_status_desired_number_scheduled{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_number_ready{${daemonSet}}`]: gauge(2, 3),
    },
  },
  {
    alert: "OtelAgentFindsNoGateway",
    series: { [`otelcol_loadbalancer_num_backends{${self},resolver="k8s"}`]: gauge(0, 2) },
  },
  {
    alert: "OtelAgentKubeletUnreachable",
    series: {
      [`otelcol_scraper_scraped_metric_points_total{${self},receiver="kubelet_stats",scraper="kubelet_stats"}`]:
        counter(0, 60),
    },
  },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(agents(), cases);
});

test("promtool and its linter accept every rule", () => {
  checkRules(agents());
});
