import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row, type Variable } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { collectorProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import { collectorName, fullestQueue, oneOfReceivers, spans } from "../../../lib/otel/index.ts";

/**
 * What each gateway pod receives, samples and sends, and whether Prometheus scrapes every pod exactly once.
 * @param spanReceivers receivers by which spans arrive, each span at one of them
 */
export function otelGatewayDashboard(chart: ComponentChart, spanReceivers: readonly string[]): Dashboard {
  const name = collectorName(chart);
  const where = 'cluster=~"$cluster", namespace=~"$namespace"';
  const own = `${where}, job="${name}-monitoring"`;
  const exposed = `${where}, job="${name}-headless"`;
  // The series themselves are about other pods, and carry no namespace of the gateway.
  const series = `cluster=~"$cluster", job="${name}-headless"`;
  return {
    uid: "skopos-otel-gateway",
    title: "OpenTelemetry gateway",
    description: "Spans, metrics and logs through the gateway: sampling, export queues, and the series it exposes.",
    variables: [
      clusterVariable,
      { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", job="${name}-monitoring"}` },
      gatewayVariable(exposed),
    ],
    links: [
      { title: "Agents", dashboard: "skopos-otel-agent" },
      { title: "Overview", dashboard: "skopos-overview" },
    ],
    rows: [
      now(own, exposed, spanReceivers),
      sampling(own),
      received(own, exposed, series),
      sent(own),
      processRow(own, collectorProcess),
    ],
  };
}

const gatewayVariable = (exposed: string): Variable => ({
  name: "gateway",
  title: "Gateway",
  of: `up{${exposed}}`,
  label: "instance",
});

function now(own: string, exposed: string, spanReceivers: readonly string[]): Row {
  return {
    title: "Status",
    panels: [
      {
        type: "stat",
        title: "Gateways scraped",
        description:
          "Should equal the number of gateways. With fewer, metrics are missing; with more, they are stored twice.",
        unit: "none",
        noValue: "0",
        thresholds: { critical: 1, bad: "low" },
        queries: [{ promql: `count(up{${exposed}} == 1)` }],
        links: [runbook("OtelGatewayTargetsWrong")],
      },
      rateStat({
        title: "Spans received",
        own: `${own}, ${oneOfReceivers(spanReceivers)}`,
        counter: "otelcol_receiver_accepted_spans_total",
      }),
      {
        type: "stat",
        title: "Traces kept",
        description:
          "Share of the sampled traces among all decisions. Errors and slow traces are always kept, and a share of the rest.",
        unit: "percentunit",
        noValue: "no traces",
        queries: [
          {
            promql: `sum(rate(otelcol_processor_tail_sampling_global_count_traces_sampled_total{${own}, decision="sampled"}[5m])) / sum(rate(otelcol_processor_tail_sampling_global_count_traces_sampled_total{${own}}[5m]))`,
          },
        ],
      },
      rateStat({
        title: "Refused spans",
        own,
        counter: "otelcol_receiver_refused_spans_total",
        noValue: "0",
        thresholds: { critical: 0.01 },
        links: [runbook("OtelGatewayRefusingData")],
      }),
      fullestQueue(own),
    ],
  };
}

function sampling(own: string): Row {
  const tail = (metric: string) => `otelcol_processor_tail_sampling_${metric}_total`;
  return {
    title: "Tail sampling",
    panels: [
      ratePanel({
        title: "Traces kept by policy",
        description: "A trace that matches several policies counts for each of them.",
        own,
        by: "policy",
        counters: [{ counter: tail("count_traces_sampled"), where: 'decision="sampled"' }],
      }),
      {
        type: "timeseries",
        title: "Traces in memory",
        description: "Traces in each gateway that await their sampling decision.",
        unit: "short",
        min: 0,
        queries: [{ promql: `otelcol_processor_tail_sampling_sampling_traces_on_memory{${own}}`, legend: "{{pod}}" }],
      },
      ratePanel({
        title: "Traces dropped too early and late spans",
        description:
          "Both should be zero. Traces dropped too early mean too many traces in flight; late spans mean that the decision wait is too short.",
        own,
        by: "pod",
        counters: [
          { counter: tail("sampling_trace_dropped_too_early"), name: "traces dropped early" },
          { counter: tail("early_releases_from_cache_decision"), name: "late spans" },
        ],
      }),
      {
        type: "timeseries",
        title: "Dropped by processor",
        description: "Spans that enter a processor and do not leave it, such as those removed by the noise filter.",
        unit: "cps",
        min: 0,
        queries: [
          {
            promql: `sum by (processor) (rate(otelcol_processor_incoming_items_total{${own}, otel_signal="traces"}[5m])) - sum by (processor) (rate(otelcol_processor_outgoing_items_total{${own}, otel_signal="traces"}[5m]))`,
            legend: "{{processor}}",
          },
        ],
      },
    ],
  };
}

function received(own: string, exposed: string, series: string): Row {
  return {
    title: "Received and exposed",
    panels: [
      {
        type: "timeseries",
        title: "Spans received per pod",
        description: "All gateways and agents that Prometheus scrapes.",
        unit: "cps",
        min: 0,
        queries: [
          {
            promql:
              'sum by (instance) (rate(otelcol_receiver_accepted_spans_total{cluster=~"$cluster", job=~"otel-.*"}[5m]))',
            legend: "{{instance}}",
          },
        ],
      },
      ratePanel({
        title: "Data points received per pod",
        own,
        by: "pod",
        counters: [{ counter: "otelcol_receiver_accepted_metric_points_total" }],
      }),
      {
        type: "timeseries",
        title: "Series exposed on :8889",
        unit: "short",
        min: 0,
        queries: [{ promql: `scrape_samples_scraped{${exposed}, instance=~"$gateway"}`, legend: "{{instance}}" }],
      },
      {
        type: "timeseries",
        title: "Series with cut attributes",
        description:
          "Series of applications that send attributes that are too long or too many for a label. They carry skopos_attributes_cut.",
        unit: "short",
        min: 0,
        queries: [
          {
            promql: `count by (k8s_namespace_name, service_name) ({${series}, skopos_attributes_cut="true"})`,
            legend: "{{k8s_namespace_name}} {{service_name}}",
          },
        ],
      },
      {
        type: "timeseries",
        title: "Container memory by gateway",
        description: "Metrics that a gateway exposes about the containers of the agents that send to it.",
        unit: "bytes",
        min: 0,
        queries: [
          {
            promql: `container_memory_usage_bytes{${series}, instance=~"$gateway"}`,
            legend: "{{k8s_namespace_name}} {{k8s_pod_name}} {{k8s_container_name}}",
          },
        ],
      },
      {
        type: "table",
        title: "Which gateway serves which node",
        queries: [{ promql: `group by (instance, k8s_node_name) (container_cpu_time_seconds_total{${series}})` }],
        columns: [
          { field: "k8s_node_name", title: "Node" },
          { field: "instance", title: "Gateway" },
        ],
      },
    ],
  };
}

function sent(own: string): Row {
  return {
    title: "Sent",
    panels: [
      {
        type: "timeseries",
        title: "Export queue",
        description:
          "Items waiting to be sent to the trace backend. A growing queue means backpressure from the backend.",
        unit: "short",
        min: 0,
        queries: [
          {
            promql: `otelcol_exporter_queue_size{${own}, exporter=~"otlp_grpc/.+"}`,
            legend: "{{pod}} {{exporter}}",
          },
        ],
      },
      ratePanel({
        title: "Spans sent and failed",
        own,
        by: "exporter",
        counters: [spans("exporter_sent", "sent"), spans("exporter_send_failed", "failed")],
      }),
    ],
  };
}
