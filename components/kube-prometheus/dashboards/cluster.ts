import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import type { Monitored } from "../rules/groups.ts";

const cluster = 'cluster=~"$cluster"';
const where = `${cluster}, namespace=~"$namespace"`;

export const clusterDashboardUid = "skopos-kube-prometheus-cluster";

/** Nodes, namespaces, workloads and the control plane, as far as each is watched. */
export function clusterDashboard(known: Monitored): Dashboard {
  return {
    uid: clusterDashboardUid,
    title: "Cluster",
    description: "CPU and memory of nodes and namespaces against their requests, workloads that are not well, volumes.",
    variables: [
      clusterVariable,
      ...(known.kubeStateMetrics
        ? [{ name: "namespace", title: "Namespace", of: 'kube_namespace_status_phase{cluster=~"$cluster"}' }]
        : [{ name: "namespace", title: "Namespace", of: 'up{cluster=~"$cluster"}' }]),
    ],
    links: [
      { title: "Prometheus", dashboard: "skopos-kube-prometheus" },
      { title: "Overview", dashboard: "skopos-overview" },
    ],
    rows: [
      ...(known.kubeStateMetrics ? [unwell] : []),
      ...(known.kubelets ? [namespaces] : []),
      ...(known.nodes ? [nodes] : []),
      ...(known.kubelets ? [volumes] : []),
      ...(known.controlPlane.includes("kube-apiserver") ? [apiServer] : []),
      ...(known.controlPlane.includes("coredns") ? [dns] : []),
    ],
  };
}

const unwell: Row = {
  title: "Not well",
  panels: [
    {
      type: "stat",
      title: "Nodes not ready",
      unit: "none",
      noValue: "0",
      thresholds: { warning: 1 },
      queries: [
        { promql: `count(kube_node_status_condition{${cluster}, condition="Ready", status="true"} == 0) or vector(0)` },
      ],
      links: [runbook("KubeNodeNotReady")],
    },
    {
      type: "stat",
      title: "Pods not ready",
      unit: "none",
      noValue: "0",
      thresholds: { warning: 1 },
      queries: [{ promql: `sum(kube_pod_status_phase{${where}, phase=~"Pending|Unknown|Failed"})` }],
      links: [runbook("KubePodNotReady")],
    },
    {
      type: "stat",
      title: "Crash-looping",
      unit: "none",
      noValue: "0",
      thresholds: { critical: 1 },
      queries: [
        { promql: `sum(kube_pod_container_status_waiting_reason{${where}, reason="CrashLoopBackOff"}) or vector(0)` },
      ],
      links: [runbook("KubePodCrashLooping")],
    },
    {
      type: "stat",
      title: "Restarts in the last hour",
      unit: "none",
      noValue: "0",
      thresholds: { warning: 5 },
      queries: [{ promql: `sum(increase(kube_pod_container_status_restarts_total{${where}}[1h]))` }],
    },
    {
      type: "table",
      title: "Workloads that lack pods",
      width: 8,
      height: 4,
      columns: [
        { field: "namespace", title: "Namespace" },
        { field: "deployment", title: "Deployment" },
        { field: "Value", title: "Missing", unit: "none" },
      ],
      queries: [
        {
          promql: `kube_deployment_spec_replicas{${where}} - kube_deployment_status_replicas_available{${where}} > 0`,
        },
      ],
    },
  ],
};

const namespaces: Row = {
  title: "Namespaces",
  panels: [
    {
      type: "timeseries",
      title: "CPU by namespace",
      unit: "short",
      stack: true,
      queries: [{ promql: `namespace:container_cpu_usage_seconds:rate5m{${where}}`, legend: "{{namespace}}" }],
    },
    {
      type: "timeseries",
      title: "Memory by namespace",
      unit: "bytes",
      stack: true,
      queries: [{ promql: `namespace:container_memory_working_set_bytes:sum{${where}}`, legend: "{{namespace}}" }],
    },
    {
      type: "table",
      title: "Use against requests",
      columns: [
        { field: "namespace", title: "Namespace" },
        { field: "Value #A", title: "CPU used", unit: "short" },
        { field: "Value #B", title: "CPU requested", unit: "short" },
        { field: "Value #C", title: "Memory used", unit: "bytes" },
        { field: "Value #D", title: "Memory requested", unit: "bytes" },
      ],
      queries: [
        { promql: `sum by (namespace) (namespace:container_cpu_usage_seconds:rate5m{${where}})` },
        { promql: `sum by (namespace) (namespace:kube_pod_container_resource_requests_cpu_cores:sum{${where}})` },
        { promql: `sum by (namespace) (namespace:container_memory_working_set_bytes:sum{${where}})` },
        { promql: `sum by (namespace) (namespace:kube_pod_container_resource_requests_memory_bytes:sum{${where}})` },
      ],
    },
    {
      type: "timeseries",
      title: "Hungriest containers, CPU",
      unit: "short",
      queries: [
        {
          promql: `topk(10, namespace_pod_container:container_cpu_usage_seconds:rate5m{${where}})`,
          legend: "{{pod}} / {{container}}",
        },
      ],
    },
    {
      type: "timeseries",
      title: "Hungriest containers, memory",
      unit: "bytes",
      queries: [
        {
          promql: `topk(10, namespace_pod_container:container_memory_working_set_bytes{${where}})`,
          legend: "{{pod}} / {{container}}",
        },
      ],
    },
  ],
};

const nodes: Row = {
  title: "Nodes",
  panels: [
    {
      type: "timeseries",
      title: "CPU of nodes",
      unit: "percentunit",
      min: 0,
      max: 1,
      queries: [{ promql: `instance:node_cpu_utilisation:rate5m{${cluster}}`, legend: "{{instance}}" }],
    },
    {
      type: "timeseries",
      title: "Memory of nodes",
      unit: "percentunit",
      min: 0,
      max: 1,
      thresholds: { critical: 0.95 },
      queries: [{ promql: `instance:node_memory_utilisation:ratio{${cluster}}`, legend: "{{instance}}" }],
      links: [runbook("NodeMemoryAlmostFull")],
    },
    {
      type: "timeseries",
      title: "Network of nodes",
      unit: "Bps",
      queries: [
        { promql: `instance:node_network_receive_bytes:rate5m{${cluster}}`, legend: "in, {{instance}}" },
        { promql: `instance:node_network_transmit_bytes:rate5m{${cluster}}`, legend: "out, {{instance}}" },
      ],
    },
    {
      type: "timeseries",
      title: "Disks busy",
      unit: "percentunit",
      queries: [{ promql: `instance:node_disk_io_time_seconds:rate5m{${cluster}}`, legend: "{{instance}}" }],
    },
    {
      type: "table",
      title: "Fullest disks",
      columns: [
        { field: "instance", title: "Node" },
        { field: "mountpoint", title: "Mount" },
        { field: "Value", title: "Used", unit: "percentunit", thresholds: { warning: 0.8, critical: 0.95 } },
      ],
      queries: [
        {
          promql: `topk(15, 1 - node_filesystem_avail_bytes{${cluster}, fstype!="", mountpoint!=""} / node_filesystem_size_bytes{${cluster}, fstype!="", mountpoint!=""})`,
        },
      ],
    },
  ],
};

const volumes: Row = {
  title: "Volumes",
  collapsed: true,
  panels: [
    {
      type: "table",
      title: "Fullest volumes",
      columns: [
        { field: "namespace", title: "Namespace" },
        { field: "persistentvolumeclaim", title: "Claim" },
        { field: "Value", title: "Used", unit: "percentunit", thresholds: { warning: 0.85, critical: 0.97 } },
      ],
      queries: [
        {
          promql: `topk(20, kubelet_volume_stats_used_bytes{${where}} / kubelet_volume_stats_capacity_bytes{${where}})`,
        },
      ],
    },
  ],
};

const apiServer: Row = {
  title: "API server",
  collapsed: true,
  panels: [
    {
      type: "timeseries",
      title: "Requests by code",
      unit: "reqps",
      queries: [
        {
          promql: `sum by (code) (rate(apiserver_request_total{${cluster}, job="apiserver"}[$__rate_interval]))`,
          legend: "{{code}}",
        },
      ],
      links: [runbook("KubeApiServerErrors")],
    },
    {
      type: "timeseries",
      title: "99th percentile by verb",
      unit: "s",
      queries: [
        {
          promql: `histogram_quantile(0.99, sum by (verb, le) (rate(apiserver_request_duration_seconds_bucket{${cluster}, job="apiserver", verb=~"GET|POST|PUT|PATCH|DELETE", subresource!~"proxy|attach|log|exec|portforward"}[$__rate_interval])))`,
          legend: "{{verb}}",
        },
      ],
      links: [runbook("KubeApiServerSlow")],
    },
  ],
};

const dns: Row = {
  title: "DNS",
  collapsed: true,
  panels: [
    {
      type: "timeseries",
      title: "Answers by code",
      unit: "reqps",
      queries: [
        {
          promql: `sum by (rcode) (rate(coredns_dns_responses_total{${cluster}}[$__rate_interval]))`,
          legend: "{{rcode}}",
        },
      ],
      links: [runbook("CoreDnsErrors")],
    },
    {
      type: "timeseries",
      title: "99th percentile",
      unit: "s",
      queries: [
        {
          promql: `histogram_quantile(0.99, sum by (le) (rate(coredns_dns_request_duration_seconds_bucket{${cluster}}[$__rate_interval])))`,
          legend: "all",
        },
      ],
    },
  ],
};
