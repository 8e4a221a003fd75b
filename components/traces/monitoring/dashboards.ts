import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { clientProcess, collectorProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { latencyPanel, ratePanel } from "../../../lib/monitoring/rates.ts";
import { spans } from "../../../lib/otel/index.ts";
import type { TracesSizing } from "../sizing.ts";

/** The trace backend's dashboard: spans received and stored, queries, process resources. */
export function tracesDashboard(chart: ComponentChart, { backend }: TracesSizing): Dashboard {
  const job = `job=~"${chart.name}(-.+)?"`;
  const own = `cluster=~"$cluster", namespace=~"$namespace", ${job}`;
  return {
    uid: "skopos-traces",
    title: backend === "jaeger" ? "Jaeger" : "Tempo",
    description: "Ingestion, storage and queries of sampled traces.",
    variables: [clusterVariable, { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", ${job}}` }],
    links: [{ title: "Gateway", dashboard: "skopos-otel-gateway" }],
    rows: backend === "jaeger" ? jaegerRows(own) : tempoRows(own),
  };
}

function jaegerRows(own: string): Row[] {
  return [
    {
      title: "Spans",
      panels: [
        ratePanel({
          title: "Spans received and refused",
          own,
          by: "pod",
          counters: [spans("receiver_accepted", "received"), spans("receiver_refused", "refused")],
          links: [runbook("JaegerSpansRefused")],
        }),
        ratePanel({
          title: "Spans stored and lost",
          own: `${own}, exporter="jaeger_storage_exporter"`,
          by: "pod",
          counters: [spans("exporter_sent", "stored"), spans("exporter_send_failed", "lost")],
          links: [runbook("JaegerSpansNotStored")],
        }),
      ],
    },
    {
      title: "Queries",
      panels: [
        ratePanel({
          title: "Queries by result",
          own,
          by: "operation, result",
          unit: "reqps",
          counters: [{ counter: "jaeger_storage_requests_total" }],
          links: [runbook("JaegerQueriesFailing")],
        }),
        latencyPanel({
          title: "Query latency, 99th percentile",
          own,
          by: "operation",
          histogram: "jaeger_storage_latency_seconds",
        }),
      ],
    },
    processRow(own, collectorProcess),
  ];
}

function tempoRows(own: string): Row[] {
  return [
    {
      title: "Spans",
      panels: [
        ratePanel({
          title: "Spans received",
          own,
          counters: [{ counter: "tempo_distributor_spans_received_total", name: "spans" }],
        }),
        ratePanel({
          title: "Spans discarded by reason",
          own,
          by: "reason",
          counters: [{ counter: "tempo_discarded_spans_total" }],
          links: [runbook("TempoSpansDiscarded")],
        }),
      ],
    },
    {
      title: "Requests",
      panels: [
        ratePanel({
          title: "Requests by status",
          own,
          by: "status_code",
          unit: "reqps",
          counters: [{ counter: "tempo_request_duration_seconds_count" }],
          links: [runbook("TempoRequestErrors")],
        }),
        latencyPanel({
          title: "Request latency, 99th percentile",
          own,
          by: "route",
          histogram: "tempo_request_duration_seconds",
        }),
      ],
    },
    {
      title: "Blocks",
      panels: [
        {
          type: "timeseries",
          title: "Blocks in the block list",
          unit: "short",
          min: 0,
          queries: [{ promql: `max(tempodb_blocklist_length{${own}})`, legend: "blocks" }],
        },
        ratePanel({
          title: "Failed block list polls and compactions",
          own,
          counters: [
            { counter: "tempodb_blocklist_poll_errors_total", name: "polls" },
            { counter: "tempodb_compaction_errors_total", name: "compactions" },
          ],
          links: [runbook("TempoPollsFailing"), runbook("TempoCompactionsFailing")],
        }),
      ],
    },
    processRow(own, clientProcess),
  ];
}
