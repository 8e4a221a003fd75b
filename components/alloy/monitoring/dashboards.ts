import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { clientProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { ratePanel } from "../../../lib/monitoring/rates.ts";
import { queueFill, spans, telemetryCounters } from "../../../lib/otel/index.ts";

/** Logs and telemetry that Alloy collects on each node and sends on. */
export function alloyDashboard(
  chart: ComponentChart,
  does: { readonly logs: boolean; readonly otlp: boolean },
): Dashboard {
  const job = `job="${chart.name}"`;
  const own = `cluster=~"$cluster", namespace=~"$namespace", ${job}`;
  return {
    uid: "skopos-alloy",
    title: "Alloy",
    description: "Pod logs sent to Loki and application telemetry sent to the gateway, from every node.",
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
    title: "Status",
    panels: [
      {
        type: "stat",
        title: "Nodes",
        description: "Alloy pods that Prometheus scrapes; should equal the number of nodes.",
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
        links: [runbook("AlloyComponentUnhealthy")],
      },
    ],
  };
}

function logs(own: string): Row {
  return {
    title: "Logs",
    panels: [
      ratePanel({
        title: "Bytes sent by the busiest pods",
        own,
        by: "pod",
        busiest: 10,
        unit: "Bps",
        counters: [{ counter: "loki_write_sent_bytes_total" }],
      }),
      ratePanel({
        title: "Dropped log lines by reason",
        own,
        by: "reason",
        counters: [{ counter: "loki_write_dropped_entries_total" }],
        links: [runbook("AlloyLogsDropped")],
      }),
      ratePanel({
        title: "Responses from Loki by status code",
        own,
        by: "status_code",
        unit: "reqps",
        counters: [{ counter: "loki_write_request_duration_seconds_count" }],
        links: [runbook("AlloyLogsNotAccepted")],
      }),
    ],
  };
}

function telemetry(own: string): Row {
  return {
    title: "Telemetry",
    panels: [
      ratePanel({ title: "Received", own, counters: telemetryCounters("receiver_accepted") }),
      ratePanel({
        title: "Refused and failed spans",
        own,
        counters: [spans("receiver_refused", "spans refused"), spans("exporter_send_failed", "spans failed to send")],
        links: [runbook("AlloyTelemetryRefused"), runbook("AlloyTelemetryNotDelivered")],
      }),
      {
        type: "timeseries",
        title: "Fullest queues",
        unit: "percentunit",
        min: 0,
        max: 1,
        queries: [{ promql: `topk(5, max by (pod) (${queueFill(own)}))`, legend: "{{pod}}" }],
      },
    ],
  };
}
