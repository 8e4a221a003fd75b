import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { ControlPlanePart } from "../control-plane/targets.ts";
import { clusterDashboardUid } from "../dashboards/cluster.ts";
import { alertmanagerAlerts, alertmanagerClusterAlerts } from "./alertmanager-alerts.ts";
import { controlPlaneAlerts, kubeletAlerts } from "./cluster-alerts.ts";
import { nodeAlerts } from "./node-alerts.ts";
import { operatorAlerts } from "./operator-alerts.ts";
import { recordingRules } from "./recording-rules.ts";
import { resourceAlerts, throttlingAlerts } from "./resource-alerts.ts";
import { prometheusAlerts, watchdog } from "./stack-alerts.ts";
import { stateMetricsAlerts, workloadAlerts } from "./workload-alerts.ts";

/** What the stack monitors: a rule about anything else would never fire, or always. */
export interface MonitoredTargets {
  /** Whether the stack deploys Prometheus itself. */
  readonly prometheus: boolean;
  /** Active series that each Prometheus was sized for. */
  readonly plannedSeries: number;
  /** Whether Prometheus sends samples to a long-term store. */
  readonly remoteWrite: boolean;
  /** Number of Alertmanager pods; 0 if it is externally managed. */
  readonly alertmanagers: number;
  /** Whether the stack deploys the operator. */
  readonly operator: boolean;
  /** Whether the stack deploys kube-state-metrics. */
  readonly kubeStateMetrics: boolean;
  /** Whether there are host metrics, from node-exporter or from Alloy. */
  readonly nodes: boolean;
  /** Whether Prometheus can scrape kubelets. */
  readonly kubelets: boolean;
  /** Monitored components of the control plane. */
  readonly controlPlane: readonly ControlPlanePart[];
}

/**
 * Every rule group of the component. Rules about the alerting pipeline are local: each Prometheus evaluates them over its
 * own targets, so that they do not depend on Mimir. They must not aggregate series, because a shard only has some of them.
 */
export function ruleGroups(known: MonitoredTargets): RuleGroup[] {
  const stack = [
    watchdog,
    ...(known.prometheus ? [prometheusAlerts(known)] : []),
    ...(known.alertmanagers > 0 ? [alertmanagerAlerts(known.alertmanagers), alertmanagerClusterAlerts] : []),
    ...(known.operator ? [operatorAlerts] : []),
  ];
  const cluster = [
    ...(known.kubeStateMetrics ? [stateMetricsAlerts, workloadAlerts, resourceAlerts] : []),
    ...(known.nodes ? [nodeAlerts] : []),
    ...(known.kubelets ? [kubeletAlerts, throttlingAlerts] : []),
    ...(known.controlPlane.length > 0 ? [controlPlaneAlerts(known.controlPlane)] : []),
  ];
  return [...stack, ...cluster.map(onClusterDashboard), ...recordingRules(known)];
}

/** Alerts about nodes and workloads link to the cluster dashboard instead of the Prometheus dashboard. */
const onClusterDashboard = (group: RuleGroup): RuleGroup => ({
  ...group,
  rules: group.rules.map((rule) => ("alert" in rule ? { ...rule, dashboard: clusterDashboardUid } : rule)),
});
