import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { MonitoredTargets } from "./groups.ts";

const container = 'container!="",image!=""';

/** Aggregates of nodes, pods and namespaces that dashboards would otherwise compute on every refresh. */
export function recordingRules(known: Pick<MonitoredTargets, "nodes" | "kubelets" | "kubeStateMetrics">): RuleGroup[] {
  return [
    ...(known.nodes ? [nodes] : []),
    ...(known.kubelets ? [containers] : []),
    ...(known.kubeStateMetrics ? [requests] : []),
  ];
}

const nodes: RuleGroup = {
  name: "nodes.recording",
  rules: [
    {
      record: "instance:node_cpu_utilisation:rate5m",
      expr: '1 - avg by (cluster, instance) (sum without (mode) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m])))',
    },
    {
      record: "instance:node_memory_utilisation:ratio",
      expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    },
    {
      record: "instance:node_network_receive_bytes:rate5m",
      expr: 'sum by (cluster, instance) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))',
    },
    {
      record: "instance:node_network_transmit_bytes:rate5m",
      expr: 'sum by (cluster, instance) (rate(node_network_transmit_bytes_total{device!="lo"}[5m]))',
    },
    {
      record: "instance:node_disk_io_time_seconds:rate5m",
      expr: "sum by (cluster, instance) (rate(node_disk_io_time_seconds_total[5m]))",
    },
  ],
};

const containers: RuleGroup = {
  name: "containers.recording",
  rules: [
    {
      record: "namespace_pod_container:container_cpu_usage_seconds:rate5m",
      expr: `sum by (cluster, namespace, pod, container) (rate(container_cpu_usage_seconds_total{${container}}[5m]))`,
    },
    {
      record: "namespace_pod_container:container_memory_working_set_bytes",
      expr: `sum by (cluster, namespace, pod, container) (container_memory_working_set_bytes{${container}})`,
    },
    {
      record: "namespace:container_cpu_usage_seconds:rate5m",
      expr: "sum by (cluster, namespace) (namespace_pod_container:container_cpu_usage_seconds:rate5m)",
    },
    {
      record: "namespace:container_memory_working_set_bytes:sum",
      expr: "sum by (cluster, namespace) (namespace_pod_container:container_memory_working_set_bytes)",
    },
  ],
};

/** Restricts requests to pods that have not finished: what the scheduler counts as used. */
const placed =
  'on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"} == 1)';

const requests: RuleGroup = {
  name: "requests.recording",
  rules: [
    {
      record: "namespace:kube_pod_container_resource_requests_cpu_cores:sum",
      expr: `sum by (cluster, namespace) (sum by (cluster, namespace, pod) (kube_pod_container_resource_requests{resource="cpu"}) * ${placed})`,
    },
    {
      record: "namespace:kube_pod_container_resource_requests_memory_bytes:sum",
      expr: `sum by (cluster, namespace) (sum by (cluster, namespace, pod) (kube_pod_container_resource_requests{resource="memory"}) * ${placed})`,
    },
  ],
};
