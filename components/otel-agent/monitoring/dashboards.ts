import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { nodesWithoutAgent } from "../../../lib/monitoring/daemon-set.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { collectorProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import { collectorName, fullestQueue, spans, telemetryCounters } from "../../../lib/otel/index.ts";

/** Telemetry that the agents receive on their nodes and send on, and kubelet metrics. */
export function otelAgentDashboard(chart: ComponentChart): Dashboard {
  const name = collectorName(chart);
  const where = 'cluster=~"$cluster", namespace=~"$namespace"';
  const own = `${where}, job="${name}-monitoring"`;
  return {
    uid: "skopos-otel-agent",
    title: "OpenTelemetry agents",
    description:
      "Telemetry received on each node and sent to the gateway, and CPU and memory metrics from the kubelets.",
    variables: [
      clusterVariable,
      { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", job="${name}-monitoring"}` },
      {
        name: "workloads",
        title: "Workload namespace",
        of: `container_memory_usage_bytes{${received}}`,
        label: "k8s_namespace_name",
      },
    ],
    links: [
      { title: "Gateway", dashboard: "skopos-otel-gateway" },
      { title: "Overview", dashboard: "skopos-overview" },
    ],
    rows: [now(own, where, name), telemetry(own), infrastructure, processRow(own, collectorProcess, 10)],
  };
}

function now(own: string, where: string, name: string): Row {
  const daemonSet = `${where}, daemonset="${name}"`;
  return {
    title: "Status",
    panels: [
      nodesWithoutAgent(daemonSet, "OtelAgentMissingOnNodes"),
      {
        type: "stat",
        title: "Gateways discovered",
        description: "The lowest number of gateways that any agent routes spans to.",
        unit: "none",
        noValue: "not routed",
        thresholds: { critical: 1, bad: "low" },
        queries: [{ promql: `min(otelcol_loadbalancer_num_backends{${own}})` }],
        links: [runbook("OtelAgentFindsNoGateway")],
      },
      rateStat({ title: "Spans received", own, counter: "otelcol_receiver_accepted_spans_total", noValue: "0" }),
      rateStat({ title: "Data points received", own, counter: "otelcol_receiver_accepted_metric_points_total" }),
      rateStat({
        title: "Log records received",
        own,
        counter: "otelcol_receiver_accepted_log_records_total",
        noValue: "0",
      }),
      fullestQueue(own),
    ],
  };
}

function telemetry(own: string): Row {
  const busiest = { own, by: "pod", busiest: 10 };
  return {
    title: "Telemetry",
    panels: [
      ratePanel({ title: "Spans received by the busiest agents", ...busiest, counters: [spans("receiver_accepted")] }),
      ratePanel({ title: "Refused telemetry", ...busiest, counters: telemetryCounters("receiver_refused") }),
      {
        type: "timeseries",
        title: "Longest export queues",
        unit: "short",
        min: 0,
        queries: [
          {
            promql: `topk(10, otelcol_exporter_queue_size{${own}})`,
            legend: "{{pod}} {{exporter}} {{data_type}}",
          },
        ],
      },
      ratePanel({
        title: "Telemetry that failed to send",
        ...busiest,
        counters: telemetryCounters("exporter_send_failed"),
      }),
    ],
  };
}

/** What gateways received from the agents. cAdvisor has metrics by some of the same names. */
const received = 'cluster=~"$cluster", job=~"otel-gateway.*-headless"';

/** Metric names as the gateway exposes them on :8889. `container_cpu_usage` was `container_cpu_utilization_ratio` in older collectors. */
const infrastructure: Row = {
  title: "Infrastructure (kubelet metrics)",
  panels: [
    {
      type: "timeseries",
      title: "Container CPU per pod",
      description: "In cores.",
      unit: "short",
      min: 0,
      queries: [
        {
          promql: `container_cpu_usage{${received}, k8s_namespace_name=~"$workloads"}`,
          legend: "{{k8s_pod_name}} {{k8s_container_name}}",
        },
      ],
    },
    {
      type: "timeseries",
      title: "Memory RSS per pod",
      unit: "bytes",
      min: 0,
      queries: [
        {
          promql: `container_memory_rss_bytes{${received}, k8s_namespace_name=~"$workloads"}`,
          legend: "{{k8s_pod_name}} {{k8s_container_name}}",
        },
      ],
    },
    {
      type: "timeseries",
      title: "CPU per node",
      unit: "short",
      min: 0,
      queries: [
        {
          promql: `max by (k8s_node_name) (rate(k8s_node_cpu_time_seconds_total{${received}}[$__rate_interval]))`,
          legend: "{{k8s_node_name}}",
        },
      ],
    },
    {
      type: "timeseries",
      title: "Memory per node",
      unit: "bytes",
      min: 0,
      queries: [
        { promql: `max by (k8s_node_name) (k8s_node_memory_usage_bytes{${received}})`, legend: "{{k8s_node_name}}" },
      ],
    },
  ],
};
