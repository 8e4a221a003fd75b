import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../lib/monitoring/dashboard.ts";
import { clientProcess, processRow } from "../../lib/monitoring/process-row.ts";

/** What Alloy reads and sends, node by node. */
export function alloyDashboard(
  chart: ComponentChart,
  does: { readonly logs: boolean; readonly otlp: boolean },
): Dashboard {
  const job = `job="${chart.name}"`;
  const own = `cluster=~"$cluster", namespace=~"$namespace", ${job}`;
  return {
    uid: "skopos-alloy",
    title: "Alloy",
    description: "Pod logs to Loki and applications' telemetry to the gateway, from every node.",
    variables: [clusterVariable, { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", ${job}}` }],
    links: [{ title: "Loki", dashboard: "skopos-loki" }],
    rows: [
      now(own),
      ...(does.logs ? [logs(own)] : []),
      ...(does.otlp ? [telemetry(own)] : []),
      processRow(own, clientProcess, 10),
    ],
  };
}

function now(own: string): Row {
  return {
    title: "Now",
    panels: [
      {
        type: "stat",
        title: "Nodes",
        description: "Alloys that Prometheus scrapes: as many as there are nodes.",
        unit: "none",
        noValue: "0",
        queries: [{ promql: `count(up{${own}} == 1)` }],
      },
      {
        type: "stat",
        title: "Unhealthy components",
        unit: "none",
        noValue: "0",
        thresholds: { warning: 1 },
        queries: [
          { promql: `sum(alloy_component_controller_running_components{${own}, health_type!="healthy"}) or vector(0)` },
        ],
        links: [{ title: "AlloyComponentUnhealthy", runbook: "AlloyComponentUnhealthy" }],
      },
    ],
  };
}

function logs(own: string): Row {
  const per = (metric: string) => `topk(10, sum by (pod) (rate(${metric}{${own}}[$__rate_interval])))`;
  return {
    title: "Logs",
    panels: [
      {
        type: "timeseries",
        title: "Sent, by the busiest nodes",
        unit: "Bps",
        min: 0,
        queries: [{ promql: per("loki_write_sent_bytes_total"), legend: "{{pod}}" }],
      },
      {
        type: "timeseries",
        title: "Dropped by reason",
        unit: "cps",
        min: 0,
        queries: [
          {
            promql: `sum by (reason) (rate(loki_write_dropped_entries_total{${own}}[$__rate_interval]))`,
            legend: "{{reason}}",
          },
        ],
        links: [{ title: "AlloyLogsDropped", runbook: "AlloyLogsDropped" }],
      },
      {
        type: "timeseries",
        title: "Loki's answers",
        unit: "reqps",
        min: 0,
        queries: [
          {
            promql: `sum by (status_code) (rate(loki_write_request_duration_seconds_count{${own}}[$__rate_interval]))`,
            legend: "{{status_code}}",
          },
        ],
        links: [{ title: "AlloyLogsNotAccepted", runbook: "AlloyLogsNotAccepted" }],
      },
    ],
  };
}

function telemetry(own: string): Row {
  const rate = (metric: string) => `sum(rate(${metric}{${own}}[$__rate_interval]))`;
  return {
    title: "Telemetry",
    panels: [
      {
        type: "timeseries",
        title: "Received",
        unit: "cps",
        min: 0,
        queries: [
          { promql: rate("otelcol_receiver_accepted_spans_total"), legend: "spans" },
          { promql: rate("otelcol_receiver_accepted_metric_points_total"), legend: "data points" },
          { promql: rate("otelcol_receiver_accepted_log_records_total"), legend: "log records" },
        ],
      },
      {
        type: "timeseries",
        title: "Refused and not delivered",
        unit: "cps",
        min: 0,
        queries: [
          { promql: rate("otelcol_receiver_refused_spans_total"), legend: "spans refused" },
          { promql: rate("otelcol_exporter_send_failed_spans_total"), legend: "spans not delivered" },
        ],
        links: [
          { title: "AlloyTelemetryRefused", runbook: "AlloyTelemetryRefused" },
          { title: "AlloyTelemetryNotDelivered", runbook: "AlloyTelemetryNotDelivered" },
        ],
      },
      {
        type: "timeseries",
        title: "Fullest queues",
        unit: "percentunit",
        min: 0,
        max: 1,
        queries: [
          {
            promql: `topk(5, max by (pod) (otelcol_exporter_queue_size{${own}} / otelcol_exporter_queue_capacity{${own}}))`,
            legend: "{{pod}}",
          },
        ],
      },
    ],
  };
}
