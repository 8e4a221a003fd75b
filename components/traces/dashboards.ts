import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../lib/monitoring/dashboard.ts";
import { clientProcess, collectorProcess, processRow } from "../../lib/monitoring/process-row.ts";
import type { TracesSizing } from "./sizing.ts";

/** What the store of traces takes, keeps and answers. */
export function tracesDashboard(chart: ComponentChart, { backend }: TracesSizing): Dashboard {
  const job = `job=~"${chart.name}(-.+)?"`;
  const own = `cluster=~"$cluster", namespace=~"$namespace", ${job}`;
  return {
    uid: "skopos-traces",
    title: backend === "jaeger" ? "Jaeger" : "Tempo",
    description: "Sampled traces in and out of their store.",
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
        {
          type: "timeseries",
          title: "Received and refused",
          unit: "cps",
          min: 0,
          queries: [
            {
              promql: `sum by (pod) (rate(otelcol_receiver_accepted_spans_total{${own}}[$__rate_interval]))`,
              legend: "{{pod}}: received",
            },
            {
              promql: `sum by (pod) (rate(otelcol_receiver_refused_spans_total{${own}}[$__rate_interval]))`,
              legend: "{{pod}}: refused",
            },
          ],
          links: [{ title: "JaegerSpansRefused", runbook: "JaegerSpansRefused" }],
        },
        {
          type: "timeseries",
          title: "Stored and lost",
          unit: "cps",
          min: 0,
          queries: [
            {
              promql: `sum by (pod) (rate(otelcol_exporter_sent_spans_total{${own}, exporter="jaeger_storage_exporter"}[$__rate_interval]))`,
              legend: "{{pod}}: stored",
            },
            {
              promql: `sum by (pod) (rate(otelcol_exporter_send_failed_spans_total{${own}, exporter="jaeger_storage_exporter"}[$__rate_interval]))`,
              legend: "{{pod}}: lost",
            },
          ],
          links: [{ title: "JaegerSpansNotStored", runbook: "JaegerSpansNotStored" }],
        },
      ],
    },
    {
      title: "Queries",
      panels: [
        {
          type: "timeseries",
          title: "Queries by result",
          unit: "reqps",
          min: 0,
          queries: [
            {
              promql: `sum by (operation, result) (rate(jaeger_storage_requests_total{${own}}[$__rate_interval]))`,
              legend: "{{operation}} {{result}}",
            },
          ],
          links: [{ title: "JaegerQueriesFailing", runbook: "JaegerQueriesFailing" }],
        },
        {
          type: "timeseries",
          title: "Queries: 99th percentile",
          unit: "s",
          min: 0,
          queries: [
            {
              promql: `histogram_quantile(0.99, sum by (le, operation) (rate(jaeger_storage_latency_seconds_bucket{${own}}[$__rate_interval])))`,
              legend: "{{operation}}",
            },
          ],
        },
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
        {
          type: "timeseries",
          title: "Received",
          unit: "cps",
          min: 0,
          queries: [
            { promql: `sum(rate(tempo_distributor_spans_received_total{${own}}[$__rate_interval]))`, legend: "spans" },
          ],
        },
        {
          type: "timeseries",
          title: "Discarded by reason",
          unit: "cps",
          min: 0,
          queries: [
            {
              promql: `sum by (reason) (rate(tempo_discarded_spans_total{${own}}[$__rate_interval]))`,
              legend: "{{reason}}",
            },
          ],
          links: [{ title: "TempoSpansDiscarded", runbook: "TempoSpansDiscarded" }],
        },
      ],
    },
    {
      title: "Requests",
      panels: [
        {
          type: "timeseries",
          title: "Requests by status",
          unit: "reqps",
          min: 0,
          queries: [
            {
              promql: `sum by (status_code) (rate(tempo_request_duration_seconds_count{${own}}[$__rate_interval]))`,
              legend: "{{status_code}}",
            },
          ],
          links: [{ title: "TempoRequestErrors", runbook: "TempoRequestErrors" }],
        },
        {
          type: "timeseries",
          title: "Requests: 99th percentile",
          unit: "s",
          min: 0,
          queries: [
            {
              promql: `histogram_quantile(0.99, sum by (le, route) (rate(tempo_request_duration_seconds_bucket{${own}}[$__rate_interval])))`,
              legend: "{{route}}",
            },
          ],
        },
      ],
    },
    {
      title: "Blocks",
      panels: [
        {
          type: "timeseries",
          title: "Blocks listed",
          unit: "short",
          min: 0,
          queries: [{ promql: `max(tempodb_blocklist_length{${own}})`, legend: "blocks" }],
        },
        {
          type: "timeseries",
          title: "Failed polls and compactions",
          unit: "cps",
          min: 0,
          queries: [
            {
              promql: `sum(rate(tempodb_blocklist_poll_errors_total{${own}}[$__rate_interval]))`,
              legend: "polls",
            },
            {
              promql: `sum(rate(tempodb_compaction_errors_total{${own}}[$__rate_interval]))`,
              legend: "compactions",
            },
          ],
          links: [
            { title: "TempoPollsFailing", runbook: "TempoPollsFailing" },
            { title: "TempoCompactionsFailing", runbook: "TempoCompactionsFailing" },
          ],
        },
      ],
    },
    processRow(own, clientProcess),
  ];
}
