import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Scrape targets, and kube-state-metrics itself. */
export const stateMetricsAlerts: RuleGroup = {
  name: "targets",
  rules: [
    {
      alert: "TargetDown",
      expr: "count by (cluster, namespace, job) (up == 0) / count by (cluster, namespace, job) (up) > 0.1",
      for: "10m",
      severity: "warning",
      summary: "Scrape targets are down.",
      description:
        "{{ $value | humanizePercentage }} of the {{ $labels.job }} targets in {{ $labels.namespace }} are down.",
    },
    stateMetricsErrors("List", "list"),
    stateMetricsErrors("Watch", "watch"),
    {
      alert: "KubeStateMetricsShardingMismatch",
      expr: "stdvar by (cluster) (kube_state_metrics_total_shards) != 0",
      for: "15m",
      severity: "critical",
      summary: "Shards of kube-state-metrics disagree on their number.",
      description: "Objects of the cluster are exposed twice or not at all.",
    },
    {
      alert: "KubeStateMetricsShardsMissing",
      expr:
        "2 ^ max by (cluster) (kube_state_metrics_total_shards) - 1" +
        " - sum by (cluster) (2 ^ max by (cluster, shard_ordinal) (kube_state_metrics_shard_ordinal)) != 0",
      for: "15m",
      severity: "critical",
      summary: "Shards of kube-state-metrics are missing.",
      description: "The objects of missing shards are not exposed: alerts about them cannot fire.",
    },
  ],
};

/**
 * Errors of one kind of operation. Lists happen at start and when a watch ends, so that one ratio over both would be that of
 * watches; and the two have series with the same labels, of which `or` would hide one.
 */
function stateMetricsErrors(kind: "List" | "Watch", operation: "list" | "watch"): Alert {
  const total = `kube_state_metrics_${operation}_total`;
  return {
    alert: `KubeStateMetrics${kind}Errors`,
    expr: `sum by (cluster) (rate(${total}{result="error"}[5m])) / sum by (cluster) (rate(${total}[5m])) > 0.01`,
    for: "15m",
    severity: "critical",
    summary: `kube-state-metrics is experiencing errors in ${operation} operations.`,
    description: `{{ $value | humanizePercentage }} of the ${operation} operations of kube-state-metrics fail: metrics about Kubernetes objects are missing or outdated.`,
  };
}

/** Workloads: pods, their controllers, quotas and nodes. */
export const workloadAlerts: RuleGroup = {
  name: "workloads",
  rules: [
    {
      alert: "KubePodCrashLooping",
      expr: 'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m]) >= 1',
      for: "15m",
      severity: "warning",
      summary: "A container is crash looping.",
      description:
        "Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is in CrashLoopBackOff.",
    },
    {
      alert: "KubePodNotReady",
      expr:
        'max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Unknown"}) == 1' +
        ' unless on (cluster, namespace, pod) kube_pod_owner{owner_kind="Job"}',
      for: "15m",
      severity: "warning",
      summary: "A pod has been in a non-ready state for more than 15 minutes.",
      description: "{{ $labels.namespace }}/{{ $labels.pod }} has been pending or unknown for more than 15 minutes.",
    },
    {
      alert: "KubeContainerWaiting",
      expr: 'kube_pod_container_status_waiting_reason{reason!~"CrashLoopBackOff|ContainerCreating"} > 0',
      for: "30m",
      severity: "warning",
      summary: "A container cannot start.",
      description:
        "Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is waiting: {{ $labels.reason }}.",
    },
    {
      alert: "KubeContainerOomKilled",
      expr:
        "increase(kube_pod_container_status_restarts_total[15m]) > 0 and on (cluster, namespace, pod, container)" +
        ' kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1',
      severity: "warning",
      summary: "A container was killed because it ran out of memory.",
      description:
        "Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} exceeded its memory limit.",
    },
    {
      alert: "KubeDeploymentReplicasMismatch",
      expr:
        "kube_deployment_spec_replicas > kube_deployment_status_replicas_available" +
        " and changes(kube_deployment_status_replicas_updated[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A Deployment does not have the expected number of replicas.",
      description:
        "Deployment {{ $labels.namespace }}/{{ $labels.deployment }} has fewer available replicas than the {{ $value }} it wants, and its rollout is not progressing.",
    },
    {
      alert: "KubeDeploymentRolloutStuck",
      expr: 'kube_deployment_status_condition{condition="Progressing",status="false"} != 0',
      for: "15m",
      severity: "warning",
      summary: "A Deployment's rollout is not progressing.",
      description:
        "The rollout of Deployment {{ $labels.namespace }}/{{ $labels.deployment }} has exceeded its deadline (`progressDeadlineSeconds`).",
    },
    generationMismatch("Deployment", "deployment"),
    generationMismatch("StatefulSet", "statefulset"),
    {
      alert: "KubeStatefulSetUpdateNotRolledOut",
      expr:
        "max by (cluster, namespace, statefulset) (kube_statefulset_status_current_revision unless kube_statefulset_status_update_revision)" +
        " * on (cluster, namespace, statefulset) (kube_statefulset_replicas != kube_statefulset_status_replicas_updated)" +
        " and on (cluster, namespace, statefulset) changes(kube_statefulset_status_replicas_updated[5m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A StatefulSet's update has not been rolled out.",
      description:
        "The update of StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} has not replaced another pod for 15 minutes.",
    },
    {
      alert: "KubeStatefulSetReplicasMismatch",
      expr:
        "kube_statefulset_replicas > kube_statefulset_status_replicas_ready" +
        " and changes(kube_statefulset_status_replicas_updated[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A StatefulSet does not have the expected number of replicas.",
      description:
        "StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} has fewer ready replicas than the {{ $value }} it wants, and its rollout is not progressing.",
    },
    {
      alert: "KubeDaemonSetRolloutStuck",
      expr:
        "(kube_daemonset_status_desired_number_scheduled != kube_daemonset_status_number_available" +
        " or kube_daemonset_status_desired_number_scheduled != kube_daemonset_status_updated_number_scheduled)" +
        " and changes(kube_daemonset_status_updated_number_scheduled[5m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A DaemonSet's rollout is stuck.",
      description:
        "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} has not had a current, available pod on all of its {{ $value }} nodes for 15 minutes.",
    },
    {
      alert: "KubeDaemonSetNotScheduled",
      expr: "kube_daemonset_status_desired_number_scheduled - kube_daemonset_status_current_number_scheduled > 0",
      for: "10m",
      severity: "warning",
      summary: "Pods of a DaemonSet are not scheduled.",
      description: "{{ $value }} pods of DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} are not scheduled.",
    },
    {
      alert: "KubeDaemonSetMisScheduled",
      expr: "kube_daemonset_status_number_misscheduled > 0",
      for: "15m",
      severity: "warning",
      summary: "Pods of a DaemonSet run where they should not.",
      description:
        "{{ $value }} pods of DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} run on nodes that it no longer selects.",
    },
    {
      alert: "KubeJobNotCompleted",
      expr: "time() - max by (cluster, namespace, job_name) (kube_job_status_start_time and kube_job_status_active > 0) > 43200",
      severity: "warning",
      summary: "A Job has not completed in time.",
      description:
        "Job {{ $labels.namespace }}/{{ $labels.job_name }} has been running for {{ $value | humanizeDuration }}.",
    },
    {
      alert: "KubeJobFailed",
      expr: 'kube_job_failed{condition="true"} > 0',
      for: "15m",
      severity: "warning",
      summary: "A Job failed to complete.",
      description: "Job {{ $labels.namespace }}/{{ $labels.job_name }} failed. Removing it clears this alert.",
    },
    {
      alert: "KubeHpaReplicasMismatch",
      expr:
        "kube_horizontalpodautoscaler_status_desired_replicas != kube_horizontalpodautoscaler_status_current_replicas" +
        " and kube_horizontalpodautoscaler_status_current_replicas > kube_horizontalpodautoscaler_spec_min_replicas" +
        " and kube_horizontalpodautoscaler_status_current_replicas < kube_horizontalpodautoscaler_spec_max_replicas" +
        " and changes(kube_horizontalpodautoscaler_status_current_replicas[15m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A HorizontalPodAutoscaler does not reach its desired number of replicas.",
      description:
        "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has not reached its {{ $value }} replicas for 15 minutes.",
    },
    {
      alert: "KubeHpaMaxedOut",
      expr:
        "kube_horizontalpodautoscaler_status_current_replicas >= kube_horizontalpodautoscaler_spec_max_replicas" +
        " and kube_horizontalpodautoscaler_spec_max_replicas > kube_horizontalpodautoscaler_spec_min_replicas",
      for: "30m",
      severity: "warning",
      summary: "A HorizontalPodAutoscaler is running at its maximum.",
      description:
        "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has been running at its maximum of {{ $value }} replicas for 30 minutes.",
    },
    {
      alert: "KubePdbNotEnoughHealthyPods",
      expr: "kube_poddisruptionbudget_status_current_healthy < kube_poddisruptionbudget_status_desired_healthy",
      for: "15m",
      severity: "warning",
      summary: "A PodDisruptionBudget does not have enough healthy pods.",
      description:
        "{{ $labels.namespace }}/{{ $labels.poddisruptionbudget }} has only {{ $value }} healthy pods: nodes that run them cannot be drained.",
    },
    {
      alert: "KubeNodeNotReady",
      expr:
        'kube_node_status_condition{condition="Ready",status="true"} == 0' +
        " unless on (cluster, node) kube_node_spec_unschedulable == 1",
      for: "15m",
      severity: "warning",
      summary: "A node is not ready.",
      description: "{{ $labels.node }} has been unready for more than 15 minutes and is not cordoned.",
    },
    {
      alert: "KubeNodePressure",
      expr: 'kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure",status="true"} == 1',
      for: "10m",
      severity: "warning",
      summary: "A node is under resource pressure.",
      description: "{{ $labels.node }} reports {{ $labels.condition }}: the kubelet evicts pods.",
    },
    {
      alert: "KubeNodeUnreachable",
      expr:
        '(kube_node_spec_taint{key="node.kubernetes.io/unreachable",effect="NoSchedule"} unless ignoring (key, value)' +
        ' kube_node_spec_taint{key=~"ToBeDeletedByClusterAutoscaler|cloud.google.com/impending-node-termination|aws-node-termination-handler/spot-itn"}) == 1',
      for: "15m",
      severity: "warning",
      summary: "A node is unreachable.",
      description: "{{ $labels.node }} does not answer the control plane: its pods may be rescheduled.",
    },
    {
      alert: "KubeNodeReadinessFlapping",
      expr:
        'sum by (cluster, node) (changes(kube_node_status_condition{condition="Ready",status="true"}[15m])) > 2' +
        " unless on (cluster, node) kube_node_spec_unschedulable == 1",
      for: "15m",
      severity: "warning",
      summary: "A node's readiness is flapping.",
      description: "The readiness of {{ $labels.node }} has changed {{ $value }} times in 15 minutes.",
    },
    {
      alert: "KubePersistentVolumeErrors",
      expr: 'kube_persistentvolume_status_phase{phase=~"Failed|Pending"} > 0',
      for: "5m",
      severity: "critical",
      summary: "A PersistentVolume cannot be provisioned.",
      description: "PersistentVolume {{ $labels.persistentvolume }} has been {{ $labels.phase }} for 5 minutes.",
    },
  ],
};

/** The controller has not yet seen the last change of a workload's spec: it is stuck, or the change failed and was not reverted. */
function generationMismatch(kind: "Deployment" | "StatefulSet", name: "deployment" | "statefulset"): Alert {
  return {
    alert: `Kube${kind}GenerationMismatch`,
    expr: `kube_${name}_status_observed_generation != kube_${name}_metadata_generation`,
    for: "15m",
    severity: "warning",
    summary: `A ${kind}'s generation does not match the observed one.`,
    description: `The last change of ${kind} {{ $labels.namespace }}/{{ $labels.${name} }} has not been applied: it may have failed without a rollback.`,
  };
}
