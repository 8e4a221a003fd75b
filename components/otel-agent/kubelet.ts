import { serviceAccountFolder } from "../../lib/kubernetes/index.ts";

/**
 * Metrics that the `kubelet_stats` receiver enables by default.
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.159.0/receiver/kubeletstatsreceiver/documentation.md
 */
export const kubeletMetrics = [
  "container.cpu.time",
  "container.cpu.usage",
  "container.filesystem.available",
  "container.filesystem.capacity",
  "container.filesystem.usage",
  "container.memory.available",
  "container.memory.major_page_faults",
  "container.memory.page_faults",
  "container.memory.rss",
  "container.memory.usage",
  "container.memory.working_set",
  "k8s.node.cpu.time",
  "k8s.node.cpu.usage",
  "k8s.node.filesystem.available",
  "k8s.node.filesystem.capacity",
  "k8s.node.filesystem.usage",
  "k8s.node.memory.available",
  "k8s.node.memory.major_page_faults",
  "k8s.node.memory.page_faults",
  "k8s.node.memory.rss",
  "k8s.node.memory.usage",
  "k8s.node.memory.working_set",
  "k8s.node.network.errors",
  "k8s.node.network.io",
  "k8s.pod.cpu.time",
  "k8s.pod.cpu.usage",
  "k8s.pod.filesystem.available",
  "k8s.pod.filesystem.capacity",
  "k8s.pod.filesystem.usage",
  "k8s.pod.memory.available",
  "k8s.pod.memory.major_page_faults",
  "k8s.pod.memory.page_faults",
  "k8s.pod.memory.rss",
  "k8s.pod.memory.usage",
  "k8s.pod.memory.working_set",
  "k8s.pod.network.errors",
  "k8s.pod.network.io",
] as const;
export type KubeletMetric = (typeof kubeletMetrics)[number];

/** CPU, memory and file systems of containers, pods and nodes, and what dashboards show. cAdvisor has the rest. */
export const defaultKubeletMetrics: readonly KubeletMetric[] = [
  "container.cpu.time",
  "container.cpu.usage",
  "container.filesystem.usage",
  "container.memory.rss",
  "container.memory.usage",
  "k8s.node.cpu.time",
  "k8s.node.filesystem.capacity",
  "k8s.node.filesystem.usage",
  "k8s.node.memory.usage",
  "k8s.pod.cpu.time",
  "k8s.pod.filesystem.usage",
  "k8s.pod.memory.usage",
];

/** Environment of the receiver: the node's address, because names of nodes need not resolve. */
export const kubeletEnvironment = { K8S_NODE_IP: { field: "status.hostIP" } } as const;

/** The `kubelet_stats` receiver. @param insecure whether the kubelet's certificate is not verified */
export function kubeletStats(enabled: readonly KubeletMetric[], insecure: boolean): object {
  return {
    auth_type: "serviceAccount",
    endpoint: "https://${env:K8S_NODE_IP}:10250",
    ...(insecure ? { insecure_skip_verify: true } : { ca_file: `${serviceAccountFolder}/ca.crt` }),
    collection_interval: "30s",
    metric_groups: ["container", "pod", "node"],
    metrics: Object.fromEntries(kubeletMetrics.map((name) => [name, { enabled: enabled.includes(name) }])),
  };
}
