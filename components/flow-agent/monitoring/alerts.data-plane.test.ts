import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, checkRules, constant, counter, gauge, runAlertCases } from "../../../test/support/alerts.ts";
import { FlowAgentChart } from "../index.ts";

const agents = () =>
  new FlowAgentChart(new App(), "flow-agent", {
    namespace: "observability-agents",
    flows: { scheme: "grpc", host: "gateway.observability.svc.cluster.local", port: 4320 },
  });

const own = 'namespace="observability-agents",job="flow-agent",pod="flow-agent-x",instance="node-1"';
const daemonSet = 'namespace="observability-agents",daemonset="flow-agent"';

const cases: AlertCase[] = [
  {
    alert: "FlowAgentMissingOnNodes",
    series: {
      [`kube_daemonset_status_desired_number_scheduled{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_number_ready{${daemonSet}}`]: gauge(2, 3),
    },
  },
  { alert: "FlowAgentNotAttached", series: { [`mermin_interfaces{${own},state="problem"}`]: gauge(1, 0) } },
  {
    alert: "FlowAgentEventsDropped",
    series: { [`mermin_flow_events_dropped_backpressure_total{${own}}`]: counter(1, 0) },
  },
  { alert: "FlowAgentMapFull", series: { [`mermin_kernel_packets_total{${own},cause="map_full"}`]: counter(1, 0) } },
  {
    alert: "FlowAgentMapFilling",
    series: {
      [`mermin_flow_store_size{${own},poller_id="1"}`]: gauge(81, 80),
      [`mermin_flow_store_capacity{${own},poller_id="1"}`]: constant(100),
      // The other poller has room.
      [`mermin_flow_store_size{${own},poller_id="0"}`]: constant(10),
      [`mermin_flow_store_capacity{${own},poller_id="0"}`]: constant(100),
    },
  },
  {
    alert: "FlowAgentExportChannelFilling",
    series: { [`mermin_channel_used_ratio{${own},channel="export"}`]: gauge(0.81, 0.8) },
  },
  {
    alert: "FlowAgentDecorationFallingBehind",
    series: {
      [`mermin_channel_used_ratio{${own},channel="decorator_input"}`]: gauge(0.81, 0.8),
      // The other channel has its own alert.
      [`mermin_channel_used_ratio{${own},channel="export"}`]: constant(0.1),
    },
  },
  {
    alert: "FlowAgentClusterCopyStale",
    series: {
      [`mermin_kubernetes_cache_age_seconds{${own},resource="pods"}`]: gauge(301, 300),
      // Bookmarks of other resources arrive.
      [`mermin_kubernetes_cache_age_seconds{${own},resource="nodes"}`]: constant(30),
    },
  },
  { alert: "FlowAgentExportFailing", series: { [`mermin_export_failures_total{${own}}`]: counter(1, 0) } },
  {
    alert: "FlowAgentSpansLost",
    series: { [`mermin_export_spans_lost_total{${own},cause="unavailable"}`]: counter(1, 0) },
  },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  runAlertCases(agents(), cases);
});

test("promtool and its linter accept every rule", () => {
  checkRules(agents());
});
