import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { podsNotReady } from "../../../lib/monitoring/daemon-set.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Label matchers of the agents' own metrics. */
const agentMetrics = (chart: ComponentChart): string => `namespace="${chart.home}", job="${chart.name}"`;

/** Alerts about nodes whose flows are not seen, flows that are lost, and room that runs out: the metrics of bpf-agent/src/agent/catalogue.ts. */
export function flowAgentAlerts(chart: ComponentChart): RuleGroup[] {
  const own = agentMetrics(chart);
  const daemonSet = `namespace="${chart.home}", daemonset="${chart.name}"`;
  return [
    {
      name: "flow-agent",
      rules: [
        {
          alert: "FlowAgentMissingOnNodes",
          expr: `${podsNotReady(daemonSet)} > 0`,
          for: "15m",
          severity: "warning",
          summary: "Nodes are without a ready flow agent.",
          description: "{{ $value }} nodes have no ready flow agent: their flows are missing or incomplete.",
        },
        {
          alert: "FlowAgentNotAttached",
          expr: `max by (instance) (mermin_interfaces{${own}, state="problem"}) > 0`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent does not see all interfaces of its node.",
          description:
            "The agent on {{ $labels.instance }} has {{ $value }} interfaces to which it is not attached as intended: packets on them may belong to no flow.",
        },
        {
          alert: "FlowAgentEventsDropped",
          expr: `sum by (instance) (rate(mermin_flow_events_dropped_backpressure_total{${own}}[5m])) > 0`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent drops events of new flows.",
          description:
            "The agent on {{ $labels.instance }} drops {{ $value | humanize }} events/s of new flows because its pollers are too slow. Scans find most of these flows later, without what only the event says.",
        },
        {
          alert: "FlowAgentMapFull",
          expr: `sum by (instance) (rate(mermin_kernel_packets_total{${own}, cause="map_full"}[5m])) > 0`,
          for: "5m",
          severity: "critical",
          summary: "A flow agent has no room for new flows.",
          description:
            "On {{ $labels.instance }}, {{ $value | humanize }} packets/s belong to no flow because the flow map is full.",
        },
        {
          alert: "FlowAgentMapFilling",
          expr: `max by (instance) (mermin_flow_store_size{${own}} / mermin_flow_store_capacity{${own}}) > 0.8`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent has little room for new flows.",
          description:
            "The agent on {{ $labels.instance }} holds {{ $value | humanizePercentage }} of the flows that it has room for. Flows beyond that are not counted.",
        },
        {
          alert: "FlowAgentExportChannelFilling",
          expr: `max by (instance) (mermin_channel_used_ratio{${own}, channel="export"}) > 0.8`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent's export channel is filling up.",
          description:
            "The export channel of the agent on {{ $labels.instance }} is {{ $value | humanizePercentage }} full: the gateway takes less than the agent sends.",
        },
        {
          alert: "FlowAgentDecorationFallingBehind",
          expr: `max by (instance) (mermin_channel_used_ratio{${own}, channel="decorator_input"}) > 0.8`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent's channel to decoration is filling up.",
          description:
            "The channel to decoration of the agent on {{ $labels.instance }} is {{ $value | humanizePercentage }} full: its thread adds Kubernetes metadata to fewer spans than the agent makes.",
        },
        {
          alert: "FlowAgentClusterCopyStale",
          expr: `max by (instance) (mermin_kubernetes_cache_age_seconds{${own}}) > 300`,
          for: "5m",
          severity: "warning",
          summary: "A flow agent's copy of the cluster is out of date.",
          description:
            "The API server last confirmed what the agent on {{ $labels.instance }} knows of the cluster {{ $value | humanizeDuration }} ago: flows of newer pods have no pod names.",
        },
        {
          alert: "FlowAgentExportFailing",
          expr: `sum by (instance) (rate(mermin_export_failures_total{${own}}[5m])) > 0`,
          for: "10m",
          severity: "warning",
          summary: "A flow agent cannot export flows.",
          description:
            "{{ $value | humanize }} requests/s of the agent on {{ $labels.instance }} fail. It tries each batch again for a minute.",
        },
        {
          alert: "FlowAgentSpansLost",
          expr: `sum by (instance) (rate(mermin_flow_spans_dropped_export_failure_total{${own}}[5m])) > 0 or sum by (instance) (rate(mermin_export_spans_lost_total{${own}}[5m])) > 0`,
          for: "5m",
          severity: "critical",
          summary: "A flow agent loses flows.",
          description:
            "The agent on {{ $labels.instance }} loses {{ $value | humanize }} spans/s because the gateway does not take them in time.",
        },
      ],
    },
  ];
}
