import type { Waiver } from "./engine/settings.ts";

/** Namespaces of the components. */
interface Namespaces {
  readonly stack: string;
  readonly agents: string;
}

/** Day on which somebody has to look at the shipped waivers again. */
const expires = "2027-12-31";

/**
 * Waivers that come with the components: what their work needs on every cluster that runs them. Each names one rule, object,
 * container, capability and path; one whose object is not deployed is no finding.
 */
export function shippedWaivers(
  { stack, agents }: Namespaces = { stack: "observability", agents: "observability-agents" },
): readonly Waiver[] {
  const nodeExporter = `DaemonSet/${agents}/kube-prometheus-node-exporter`;
  const alloy = `DaemonSet/${agents}/alloy`;
  const flowAgent = `DaemonSet/${agents}/flow-agent`;
  const waiver = (rule: string, object: string, reason: string, more: Partial<Waiver> = {}): Waiver => ({
    rule,
    object,
    owner: "skopos",
    reason,
    expires,
    ...more,
  });
  return [
    waiver("pods/host-network", nodeExporter, "It reports the node's own network interfaces and addresses."),
    waiver("pods/host-pid", nodeExporter, "It reads /proc of the node's processes."),
    waiver("pods/host-path", nodeExporter, "It reads the node's root file system, mounted read-only.", {
      hostPaths: ["/"],
    }),
    waiver("pods/host-path", alloy, "It reads the log files of pods and keeps its positions across restarts.", {
      hostPaths: ["/var/lib/skopos-alloy", "/var/log/pods"],
    }),
    waiver("pods/host-network", alloy, "Without node-exporter it reports the node's own network interfaces."),
    waiver("pods/host-pid", alloy, "Without node-exporter it reads /proc of the node's processes."),
    ...(["pods/root-user", "pods/run-as-non-root"] as const).map((rule) =>
      waiver(rule, alloy, "The kubelet's log files are readable by root only; every capability is dropped.", {
        container: "alloy",
      }),
    ),
    waiver("pods/host-network", flowAgent, "It attaches its program to the node's interfaces."),
    waiver("pods/host-path", flowAgent, "It finds the pod of a process by the node's cgroups, mounted read-only.", {
      hostPaths: ["/sys/fs/cgroup"],
    }),
    waiver("pods/added-capabilities", flowAgent, "Loading and attaching a TC program needs them.", {
      container: "flow-agent",
      capabilities: ["BPF", "NET_ADMIN", "PERFMON"],
    }),
    ...(["pods/root-user", "pods/run-as-non-root"] as const).map((rule) =>
      waiver(rule, flowAgent, "Capabilities have an effect only for user 0.", { container: "flow-agent" }),
    ),
    waiver(
      "security/rbac-secrets",
      `ClusterRole//${stack}-kube-prometheus-operator`,
      "The Prometheus operator reads Secrets that monitors of any namespace refer to, and writes the configuration of each Prometheus as one.",
    ),
    waiver(
      "metrics/sharded-rule",
      `PrometheusRule/${stack}/mimir`,
      "Alerts about Mimir must fire while Mimir does not work: each shard evaluates them over the pods that it scrapes.",
    ),
    ...(["tempo", "jaeger"] as const).map((name) =>
      waiver(
        "availability/single-replica",
        `StatefulSet/${stack}/${name}`,
        "One process holds the traces: while it is rescheduled the gateways queue spans and retry, and searches wait.",
      ),
    ),
  ];
}
