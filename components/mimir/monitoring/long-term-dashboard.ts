import { clusterVariable, type Dashboard } from "../../../lib/monitoring/dashboard.ts";
import { lines } from "./dashboard-rows.ts";

/** Usage and growth over months and years, from the aggregates in the long-retention tenant. */
export function longTermDashboard(): Dashboard {
  const here = 'cluster=~"$cluster"';
  const namespaced = `${here}, namespace=~"$namespace"`;
  return {
    uid: "skopos-mimir-long-term",
    title: "Long-term usage",
    description: "Usage per cluster, namespace and workload at five-minute resolution.",
    metrics: "aggregates",
    refresh: "5m",
    from: "now-90d",
    variables: [
      { ...clusterVariable, of: "cluster:nodes:count" },
      { name: "namespace", title: "Namespace", of: `cluster_namespace:pods:count{${here}}` },
    ],
    links: [{ title: "Mimir", dashboard: "skopos-mimir" }],
    rows: [
      {
        title: "Cluster",
        panels: [
          lines("CPU used", "short", `cluster:cpu_usage_cores:sum_rate5m{${here}}`, "{{cluster}}"),
          lines(
            "CPU used / allocatable",
            "percentunit",
            `cluster:cpu_usage_cores:sum_rate5m{${here}} / cluster:cpu_allocatable_cores:sum{${here}}`,
            "{{cluster}}",
          ),
          lines("Memory used", "bytes", `cluster:memory_working_set_bytes:sum{${here}}`, "{{cluster}}"),
          lines(
            "Memory used / allocatable",
            "percentunit",
            `cluster:memory_working_set_bytes:sum{${here}} / cluster:memory_allocatable_bytes:sum{${here}}`,
            "{{cluster}}",
          ),
          lines("Nodes", "short", `cluster:nodes:count{${here}}`, "{{cluster}}"),
          lines("Pods", "short", `cluster:pods:count{${here}}`, "{{cluster}}"),
          lines("Active series", "short", `cluster:active_series:sum{${here}}`, "{{cluster}}"),
        ],
      },
      {
        title: "Namespaces",
        panels: [
          lines("CPU used", "short", `cluster_namespace:cpu_usage_cores:sum_rate5m{${namespaced}}`, "{{namespace}}"),
          lines(
            "CPU used / requested",
            "percentunit",
            `cluster_namespace:cpu_usage_cores:sum_rate5m{${namespaced}} / cluster_namespace:cpu_requests_cores:sum{${namespaced}}`,
            "{{namespace}}",
            "A ratio far below 1 for months means that requests can be reduced.",
          ),
          lines(
            "Memory used",
            "bytes",
            `cluster_namespace:memory_working_set_bytes:sum{${namespaced}}`,
            "{{namespace}}",
          ),
          lines(
            "Network received",
            "Bps",
            `cluster_namespace:network_receive_bytes:sum_rate5m{${namespaced}}`,
            "{{namespace}}",
          ),
          lines("Volume usage", "bytes", `cluster_namespace:volume_used_bytes:sum{${namespaced}}`, "{{namespace}}"),
        ],
      },
      {
        title: "Workloads",
        collapsed: true,
        panels: [
          lines(
            "Top 10 by CPU",
            "short",
            `topk(10, cluster_namespace_workload:cpu_usage_cores:sum_rate5m{${namespaced}})`,
            "{{namespace}} {{workload}}",
          ),
          lines(
            "Top 10 by memory",
            "bytes",
            `topk(10, cluster_namespace_workload:memory_working_set_bytes:sum{${namespaced}})`,
            "{{namespace}} {{workload}}",
          ),
        ],
      },
      {
        title: "Services",
        panels: [
          lines("Requests", "reqps", `cluster_service:http_requests:sum_rate5m{${here}}`, "{{service_name}}"),
          lines(
            "Error ratio",
            "percentunit",
            `cluster_service:http_errors:sum_rate5m{${here}} / cluster_service:http_requests:sum_rate5m{${here}}`,
            "{{service_name}}",
          ),
        ],
      },
    ],
  };
}
