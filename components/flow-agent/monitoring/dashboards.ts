import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { nodesWithoutAgent } from "../../../lib/monitoring/daemon-set.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { clientProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";

/** Flows at each stage of the agents' pipelines, so that a gap between two stages shows where they are lost. */
export function flowAgentDashboard(chart: ComponentChart): Dashboard {
  const where = 'cluster=~"$cluster", namespace=~"$namespace"';
  const own = `${where}, job="${chart.name}"`;
  return {
    uid: "skopos-flow-agent",
    title: "Flow agents",
    description: "Network flows on their way from the kernel to the gateway, and what is lost on it.",
    variables: [
      clusterVariable,
      { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", job="${chart.name}"}` },
    ],
    links: [
      { title: "Gateway", dashboard: "skopos-otel-gateway" },
      { title: "Overview", dashboard: "skopos-overview" },
    ],
    rows: [
      status(own, `${where}, daemonset="${chart.name}"`),
      pipeline(own),
      losses(own),
      processRow(own, clientProcess, 10),
    ],
  };
}

function status(own: string, daemonSet: string): Row {
  return {
    title: "Status",
    panels: [
      nodesWithoutAgent(daemonSet, "FlowAgentMissingOnNodes"),
      {
        type: "stat",
        title: "Interfaces not attached",
        unit: "none",
        noValue: "0",
        thresholds: { critical: 1 },
        queries: [{ promql: `sum(mermin_interfaces{${own}, state="problem"})` }],
        links: [runbook("FlowAgentNotAttached")],
      },
      {
        type: "stat",
        title: "Open flows",
        unit: "short",
        queries: [{ promql: `sum(mermin_flow_store_size{${own}})` }],
      },
      rateStat({ title: "New flows", own, counter: "mermin_ringbuf_packets_total" }),
      rateStat({ title: "Spans exported", own, counter: "mermin_export_spans_total" }),
      {
        type: "gauge",
        title: "Fullest flow map",
        unit: "percentunit",
        min: 0,
        max: 1,
        height: 4,
        thresholds: { warning: 0.6, critical: 0.8 },
        queries: [{ promql: `max(mermin_flow_store_size{${own}} / mermin_flow_store_capacity{${own}})` }],
        links: [runbook("FlowAgentMapFilling")],
      },
    ],
  };
}

function pipeline(own: string): Row {
  return {
    title: "Pipeline",
    panels: [
      ratePanel({
        title: "Flows and spans by stage",
        description: "Each stage should keep up with the one before; where two lines part, something is lost.",
        own,
        counters: [
          { counter: "mermin_ringbuf_packets_total", name: "received" },
          { counter: "mermin_flow_spans_processed_total", name: "processed" },
          { counter: "mermin_flow_spans_recorded_total", name: "recorded" },
          { counter: "mermin_flow_spans_sent_to_exporter_total", name: "sent to the exporter" },
          { counter: "mermin_export_spans_total", name: "exported" },
        ],
      }),
      ratePanel({
        title: "New flows by interface",
        own,
        by: "interface",
        busiest: 10,
        counters: [{ counter: "mermin_flow_spans_created_total" }],
      }),
      {
        type: "timeseries",
        title: "Most open flows",
        unit: "short",
        min: 0,
        queries: [{ promql: `topk(10, sum by (instance) (mermin_flow_store_size{${own}}))`, legend: "{{instance}}" }],
      },
      {
        type: "timeseries",
        title: "Fullest export channels",
        unit: "percentunit",
        min: 0,
        max: 1,
        queries: [{ promql: `topk(10, mermin_channel_used_ratio{${own}, channel="export"})`, legend: "{{instance}}" }],
      },
      {
        type: "timeseries",
        title: "Fullest channels to decoration",
        unit: "percentunit",
        min: 0,
        max: 1,
        queries: [
          { promql: `topk(10, mermin_channel_used_ratio{${own}, channel="decorator_input"})`, legend: "{{instance}}" },
        ],
        links: [runbook("FlowAgentDecorationFallingBehind")],
      },
      {
        type: "timeseries",
        title: "Oldest copies of the cluster",
        description: "Time since the API server last confirmed what an agent knows. Up to a minute is normal.",
        unit: "s",
        min: 0,
        queries: [
          {
            promql: `topk(10, max by (instance) (mermin_kubernetes_cache_age_seconds{${own}}))`,
            legend: "{{instance}}",
          },
        ],
        links: [runbook("FlowAgentClusterCopyStale")],
      },
      {
        type: "timeseries",
        title: "Export latency",
        unit: "s",
        min: 0,
        queries: [0.5, 0.99].map((quantile) => ({
          promql: `histogram_quantile(${quantile}, sum by (le) (rate(mermin_export_latency_seconds_bucket{${own}}[$__rate_interval])))`,
          legend: `p${quantile * 100}`,
        })),
      },
      {
        type: "timeseries",
        title: "Uneven pollers",
        description: "Difference between an agent's fullest and emptiest poller, in flows.",
        unit: "short",
        min: 0,
        queries: [
          {
            promql: `topk(10, max by (instance) (mermin_flow_store_size{${own}}) - min by (instance) (mermin_flow_store_size{${own}}))`,
            legend: "{{instance}}",
          },
        ],
      },
    ],
  };
}

function losses(own: string): Row {
  return {
    title: "Losses",
    panels: [
      ratePanel({
        title: "Events and spans lost",
        own,
        counters: [
          { counter: "mermin_flow_events_dropped_backpressure_total", name: "events dropped" },
          { counter: "mermin_flow_spans_deferred_total", name: "records deferred" },
          { counter: "mermin_flow_spans_dropped_export_failure_total", name: "spans dropped, channel full" },
        ],
      }),
      ratePanel({
        title: "Spans that the gateway did not take",
        own,
        by: "cause",
        counters: [{ counter: "mermin_export_spans_lost_total" }],
      }),
      ratePanel({
        title: "Packets in no flow",
        own,
        by: "cause",
        counters: [{ counter: "mermin_kernel_packets_total" }],
      }),
      ratePanel({
        title: "Failed requests",
        own,
        by: "instance",
        busiest: 10,
        counters: [{ counter: "mermin_export_failures_total" }],
      }),
    ],
  };
}
