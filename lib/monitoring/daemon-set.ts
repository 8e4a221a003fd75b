import { runbook, type StatPanel } from "./panel.ts";

/** How many pods of a DaemonSet are missing or not ready, over all nodes. @param daemonSet matchers of kube-state-metrics' series */
export const podsNotReady = (daemonSet: string): string =>
  `sum(kube_daemonset_status_desired_number_scheduled{${daemonSet}} - kube_daemonset_status_number_ready{${daemonSet}})`;

/**
 * Nodes without a ready agent. @param daemonSet matchers of kube-state-metrics' series @param alert name of the alert of the same condition
 */
export const nodesWithoutAgent = (daemonSet: string, alert: string): StatPanel => ({
  type: "stat",
  title: "Nodes without an agent",
  unit: "none",
  thresholds: { critical: 1 },
  queries: [{ promql: podsNotReady(daemonSet) }],
  links: [runbook(alert)],
});
