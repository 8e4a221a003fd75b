import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../lib/monitoring/dashboard.ts";
import { collectorProcess, processRow } from "../../lib/monitoring/process-row.ts";
import { collectorName } from "../../lib/otel/index.ts";

/** What the agents take in on their nodes and pass on, and the CPU and memory metrics they read from the kubelets. */
export function otelAgentDashboard(chart: ComponentChart): Dashboard {
  const name = collectorName(chart);
  const where = 'cluster=~"$cluster", namespace=~"$namespace"';
  const own = `${where}, job="${name}-monitoring"`;
  return {
    uid: "skopos-otel-agent",
    title: "OpenTelemetry agents",
    description: "Telemetry taken in on each node, its way to the gateway, and the kubelets' metrics.",
    variables: [
      clusterVariable,
      { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", job="${name}-monitoring"}` },
      {
        name: "workloads",
        title: "Namespace of workloads",
        of: 'container_memory_usage_bytes{cluster=~"$cluster"}',
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
    title: "Now",
    panels: [
      {
        type: "stat",
        title: "Nodes without an agent",
        unit: "none",
        thresholds: { critical: 1 },
        queries: [
          {
            promql: `sum(kube_daemonset_status_desired_number_scheduled{${daemonSet}} - kube_daemonset_status_number_ready{${daemonSet}})`,
          },
        ],
        links: [{ title: "OtelAgentMissingOnNodes", runbook: "OtelAgentMissingOnNodes" }],
      },
      {
        type: "stat",
        title: "Gateways known",
        description: "The fewest that any agent routes spans to.",
        unit: "none",
        noValue: "not routed",
        thresholds: { critical: 1, bad: "low" },
        queries: [{ promql: `min(otelcol_loadbalancer_num_backends{${own}})` }],
        links: [{ title: "OtelAgentFindsNoGateway", runbook: "OtelAgentFindsNoGateway" }],
      },
      {
        type: "stat",
        title: "Spans received",
        unit: "cps",
        noValue: "0",
        queries: [{ promql: `sum(rate(otelcol_receiver_accepted_spans_total{${own}}[5m]))` }],
      },
      {
        type: "stat",
        title: "Data points received",
        unit: "cps",
        queries: [{ promql: `sum(rate(otelcol_receiver_accepted_metric_points_total{${own}}[5m]))` }],
      },
      {
        type: "stat",
        title: "Log records received",
        unit: "cps",
        noValue: "0",
        queries: [{ promql: `sum(rate(otelcol_receiver_accepted_log_records_total{${own}}[5m]))` }],
      },
      {
        type: "gauge",
        title: "Fullest queue",
        unit: "percentunit",
        min: 0,
        max: 1,
        height: 4,
        thresholds: { warning: 0.6, critical: 0.7 },
        queries: [{ promql: `max(otelcol_exporter_queue_size{${own}} / otelcol_exporter_queue_capacity{${own}})` }],
      },
    ],
  };
}

function telemetry(own: string): Row {
  const byPod = (metric: string) => `topk(10, sum by (pod) (rate(otelcol_${metric}{${own}}[$__rate_interval])))`;
  return {
    title: "Telemetry",
    panels: [
      {
        type: "timeseries",
        title: "Busiest agents: spans",
        unit: "cps",
        min: 0,
        queries: [{ promql: byPod("receiver_accepted_spans_total"), legend: "{{pod}}" }],
      },
      {
        type: "timeseries",
        title: "Refused",
        unit: "cps",
        min: 0,
        queries: [
          { promql: byPod("receiver_refused_spans_total"), legend: "{{pod}}: spans" },
          { promql: byPod("receiver_refused_metric_points_total"), legend: "{{pod}}: data points" },
          { promql: byPod("receiver_refused_log_records_total"), legend: "{{pod}}: log records" },
        ],
      },
      {
        type: "timeseries",
        title: "Export queue",
        unit: "short",
        min: 0,
        queries: [
          {
            promql: `topk(10, otelcol_exporter_queue_size{${own}})`,
            legend: "{{pod}} {{exporter}} {{data_type}}",
          },
        ],
      },
      {
        type: "timeseries",
        title: "Failed to send",
        unit: "cps",
        min: 0,
        queries: [
          { promql: byPod("exporter_send_failed_spans_total"), legend: "{{pod}}: spans" },
          { promql: byPod("exporter_send_failed_metric_points_total"), legend: "{{pod}}: data points" },
          { promql: byPod("exporter_send_failed_log_records_total"), legend: "{{pod}}: log records" },
        ],
      },
    ],
  };
}

/** Names as they come out of the gateway's :8889; `container_cpu_usage` was `container_cpu_utilization_ratio` once. */
const infrastructure: Row = {
  title: "Infrastructure, from the kubelets",
  panels: [
    {
      type: "timeseries",
      title: "Container CPU per pod",
      description: "In cores.",
      unit: "short",
      min: 0,
      queries: [
        {
          promql: 'container_cpu_usage{k8s_namespace_name=~"$workloads"}',
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
          promql: 'container_memory_rss_bytes{k8s_namespace_name=~"$workloads"}',
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
          promql: "sum by (k8s_node_name) (rate(k8s_node_cpu_time_seconds_total[$__rate_interval]))",
          legend: "{{k8s_node_name}}",
        },
      ],
    },
    {
      type: "timeseries",
      title: "Memory per node",
      unit: "bytes",
      min: 0,
      queries: [{ promql: "max by (k8s_node_name) (k8s_node_memory_usage_bytes)", legend: "{{k8s_node_name}}" }],
    },
  ],
};
