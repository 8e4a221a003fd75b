import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { ControlPlanePart } from "../control-plane/targets.ts";
import { clusterDashboardUid } from "../dashboards/cluster.ts";
import { controlPlaneAlerts, kubeletAlerts } from "./cluster-alerts.ts";
import { nodeAlerts } from "./node-alerts.ts";
import { recordingRules } from "./recording-rules.ts";
import { alertmanagerAlerts, operatorAlerts, prometheusAlerts, watchdog } from "./stack-alerts.ts";
import { stateMetricsAlerts, workloadAlerts } from "./workload-alerts.ts";

/** What is there to be asked: a rule about something that nobody watches would never fire, or always. */
export interface Monitored {
  readonly prometheus: boolean;
  /** Series that each Prometheus was planned for. */
  readonly plannedSeries: number;
  readonly remoteWrite: boolean;
  /** Alertmanagers of ours. 0: it is somebody else's. */
  readonly alertmanagers: number;
  readonly operator: boolean;
  readonly kubeStateMetrics: boolean;
  /** node-exporter, or what gives the same metrics. */
  readonly nodes: boolean;
  readonly kubelets: boolean;
  readonly controlPlane: readonly ControlPlanePart[];
}

/**
 * Every rule group of the component. Those about the alerting path itself are local: evaluated by each Prometheus over
 * what it scrapes, so that they hold without Mimir; they look at one series at a time, since a shard sees its targets alone.
 */
export function ruleGroups(known: Monitored): RuleGroup[] {
  const stack = [
    watchdog,
    ...(known.prometheus ? [prometheusAlerts(known)] : []),
    ...(known.alertmanagers > 0 ? [alertmanagerAlerts(known.alertmanagers)] : []),
    ...(known.operator ? [operatorAlerts] : []),
  ];
  const cluster = [
    ...(known.kubeStateMetrics ? [stateMetricsAlerts, workloadAlerts] : []),
    ...(known.nodes ? [nodeAlerts] : []),
    ...(known.kubelets ? [kubeletAlerts] : []),
    ...(known.controlPlane.length > 0 ? [controlPlaneAlerts(known.controlPlane)] : []),
  ];
  return [...stack, ...cluster.map(onClusterDashboard), ...recordingRules(known)];
}

/** Nodes and workloads are on a dashboard of their own, not on the one of Prometheus. */
const onClusterDashboard = (group: RuleGroup): RuleGroup => ({
  ...group,
  rules: group.rules.map((rule) => ("alert" in rule ? { ...rule, dashboard: clusterDashboardUid } : rule)),
});
