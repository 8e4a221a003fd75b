import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";

const resources = { CPU: "cpu", Memory: "memory" } as const;
type Resource = keyof typeof resources;

/** Requests beyond what the nodes have, and quotas. */
export const resourceAlerts: RuleGroup = {
  name: "resources",
  rules: [
    overcommit("CPU"),
    overcommit("Memory"),
    quotaOvercommit("CPU"),
    quotaOvercommit("Memory"),
    quota("KubeQuotaAlmostFull", "info", "> 0.9 < 1", "is going to be full."),
    quota("KubeQuotaFullyUsed", "info", "== 1", "is fully used."),
    quota("KubeQuotaExceeded", "warning", "> 1", "has been exceeded."),
  ],
};

/** Whether the cluster survives the loss of its largest node. A cluster of one node never does, and is only compared with itself. */
function overcommit(resource: Resource): Alert {
  const name = resources[resource];
  const allocatable = `kube_node_status_allocatable{resource="${name}"}`;
  const requested = `sum by (cluster) (namespace_${name}:kube_pod_container_resource_requests:sum)`;
  return {
    alert: `Kube${resource}Overcommit`,
    expr:
      `${requested} - (sum by (cluster) (${allocatable}) - max by (cluster) (${allocatable})) > 0` +
      ` and sum by (cluster) (${allocatable}) > max by (cluster) (${allocatable})`,
    for: "10m",
    severity: "warning",
    summary: `The cluster has overcommitted its ${resource === "CPU" ? "CPU" : "memory"} requests.`,
    description: `Pods request {{ $value | humanize }} ${resource === "CPU" ? "cores" : "bytes"} more than the cluster has without its largest node: it cannot tolerate a node failure.`,
  };
}

function quotaOvercommit(resource: Resource): Alert {
  const name = resources[resource];
  return {
    alert: `Kube${resource}QuotaOvercommit`,
    expr:
      `sum by (cluster) (min without (resource) (kube_resourcequota{type="hard",resource=~"${name}|requests.${name}"}))` +
      ` / sum by (cluster) (kube_node_status_allocatable{resource="${name}"}) > 1.5`,
    for: "5m",
    severity: "warning",
    summary: `Quotas of namespaces promise more ${resource === "CPU" ? "CPU" : "memory"} than the cluster has.`,
    description: "The quotas together are {{ $value | humanizePercentage }} of what the nodes can allocate.",
  };
}

function quota(alert: string, severity: Alert["severity"], comparison: string, summary: string): Alert {
  return {
    alert,
    expr: `kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0) ${comparison}`,
    for: "15m",
    severity,
    summary: `A namespace's quota ${summary}`,
    description: "{{ $labels.namespace }} uses {{ $value | humanizePercentage }} of its {{ $labels.resource }} quota.",
  };
}

/** Containers that wait for CPU because of their limit. */
export const throttlingAlerts: RuleGroup = {
  name: "throttling",
  rules: [
    {
      alert: "CPUThrottlingHigh",
      expr:
        'sum by (cluster, namespace, pod, container) (increase(container_cpu_cfs_throttled_periods_total{container!=""}[5m]))' +
        ' / sum by (cluster, namespace, pod, container) (increase(container_cpu_cfs_periods_total{container!=""}[5m])) > 0.25',
      for: "15m",
      severity: "info",
      summary: "A container experiences elevated CPU throttling.",
      description:
        "Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is throttled in {{ $value | humanizePercentage }} of its periods.",
    },
  ],
};
