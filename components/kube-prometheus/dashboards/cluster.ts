import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import type { MonitoredTargets } from "../rules/groups.ts";

const cluster = 'cluster=~"$cluster"';
const where = `${cluster}, namespace=~"$namespace"`;

export const clusterDashboardUid = "skopos-kube-prometheus-cluster";

/** Nodes, namespaces, workloads and the control plane; rows only for what is monitored. */
export function clusterDashboard(known: MonitoredTargets): Dashboard {
  return {
    uid: clusterDashboardUid,
    title: "Cluster",
    description:
      "CPU and memory of nodes and namespaces against their requests, unhealthy workloads, volumes, API server and DNS.",
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
      ...(known.kubeStateMetrics ? [health] : []),
      ...(known.kubelets ? [namespaces] : []),
      ...(known.nodes ? [nodes] : []),
      ...(known.kubelets ? [volumes] : []),
      ...(known.controlPlane.includes("kube-apiserver") ? [apiServer] : []),
      ...(known.controlPlane.includes("coredns") ? [dns] : []),
    ],
  };
}

const health: Row = {
  title: "Health",
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
      title: "Crash looping containers",
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
      title: "Container restarts in the last hour",
      unit: "none",
      noValue: "0",
      thresholds: { warning: 5 },
      queries: [{ promql: `sum(increase(kube_pod_container_status_restarts_total{${where}}[1h]))` }],
    },
    {
      type: "table",
      title: "Deployments with missing replicas",
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
      title: "Usage and requests",
      columns: [
        { field: "namespace", title: "Namespace" },
        { field: "Value #A", title: "CPU used", unit: "short" },
        { field: "Value #B", title: "CPU requested", unit: "short" },
        { field: "Value #C", title: "Memory used", unit: "bytes" },
        { field: "Value #D", title: "Memory requested", unit: "bytes" },
      ],
      queries: [
        { promql: `sum by (namespace) (namespace:container_cpu_usage_seconds:rate5m{${where}})` },
        { promql: `sum by (namespace) (namespace_cpu:kube_pod_container_resource_requests:sum{${where}})` },
        { promql: `sum by (namespace) (namespace:container_memory_working_set_bytes:sum{${where}})` },
        { promql: `sum by (namespace) (namespace_memory:kube_pod_container_resource_requests:sum{${where}})` },
      ],
    },
    {
      type: "timeseries",
      title: "Top containers by CPU",
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
      title: "Top containers by memory",
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
      title: "CPU utilization by node",
      unit: "percentunit",
      min: 0,
      max: 1,
      queries: [{ promql: `instance:node_cpu_utilisation:rate5m{${cluster}}`, legend: "{{instance}}" }],
    },
    {
      type: "timeseries",
      title: "Memory utilization by node",
      unit: "percentunit",
      min: 0,
      max: 1,
      thresholds: { critical: 0.95 },
      queries: [{ promql: `instance:node_memory_utilisation:ratio{${cluster}}`, legend: "{{instance}}" }],
      links: [runbook("NodeMemoryHighUtilization")],
    },
    {
      type: "timeseries",
      title: "Network traffic by node",
      unit: "Bps",
      queries: [
        {
          promql: `instance:node_network_receive_bytes_excluding_lo:rate5m{${cluster}}`,
          legend: "{{instance}} received",
        },
        {
          promql: `instance:node_network_transmit_bytes_excluding_lo:rate5m{${cluster}}`,
          legend: "{{instance}} transmitted",
        },
      ],
    },
    {
      type: "timeseries",
      title: "Disk I/O time by node",
      unit: "percentunit",
      queries: [
        {
          promql: `sum by (instance) (instance_device:node_disk_io_time_seconds:rate5m{${cluster}})`,
          legend: "{{instance}}",
        },
      ],
    },
    {
      type: "table",
      title: "Fullest filesystems",
      columns: [
        { field: "instance", title: "Node" },
        { field: "mountpoint", title: "Mount point" },
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
      title: "Requests by response code",
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
      title: "Request latency by verb, 99th percentile",
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
      title: "Responses by code",
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
      title: "Response latency, 99th percentile",
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
