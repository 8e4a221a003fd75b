import { clusterVariable, type Dashboard } from "../../../lib/monitoring/dashboard.ts";
import { lines } from "./dashboard-rows.ts";

/** What the aggregates are for: use and growth over months and years. Asks the data source of the long-retention tenant. */
export function longTermDashboard(): Dashboard {
  const here = 'cluster=~"$cluster"';
  const namespaced = `${here}, namespace=~"$namespace"`;
  return {
    uid: "skopos-mimir-long-term",
    title: "Long-term use",
    description:
      'Use by cluster, namespace and workload, a point every five minutes. Choose "Metrics (aggregates)" as its data source.',
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
            "Of the allocatable CPU",
            "percentunit",
            `cluster:cpu_usage_cores:sum_rate5m{${here}} / cluster:cpu_allocatable_cores:sum{${here}}`,
            "{{cluster}}",
          ),
          lines("Memory used", "bytes", `cluster:memory_working_set_bytes:sum{${here}}`, "{{cluster}}"),
          lines(
            "Of the allocatable memory",
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
            "Of the CPU requested",
            "percentunit",
            `cluster_namespace:cpu_usage_cores:sum_rate5m{${namespaced}} / cluster_namespace:cpu_requests_cores:sum{${namespaced}}`,
            "{{namespace}}",
            "Far below one for months: requests that could be given back.",
          ),
          lines(
            "Memory used",
            "bytes",
            `cluster_namespace:memory_working_set_bytes:sum{${namespaced}}`,
            "{{namespace}}",
          ),
          lines(
            "Received",
            "Bps",
            `cluster_namespace:network_receive_bytes:sum_rate5m{${namespaced}}`,
            "{{namespace}}",
          ),
          lines("Volumes", "bytes", `cluster_namespace:volume_used_bytes:sum{${namespaced}}`, "{{namespace}}"),
        ],
      },
      {
        title: "Workloads",
        collapsed: true,
        panels: [
          lines(
            "Ten largest by CPU",
            "short",
            `topk(10, cluster_namespace_workload:cpu_usage_cores:sum_rate5m{${namespaced}})`,
            "{{namespace}} {{workload}}",
          ),
          lines(
            "Ten largest by memory",
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
            "Errors",
            "percentunit",
            `cluster_service:http_errors:sum_rate5m{${here}} / cluster_service:http_requests:sum_rate5m{${here}}`,
            "{{service_name}}",
          ),
        ],
      },
    ],
  };
}
