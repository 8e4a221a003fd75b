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
      alert: "KubeDaemonSetPodsMissing",
      expr:
        "kube_daemonset_status_desired_number_scheduled - kube_daemonset_status_number_available > 0" +
        " and changes(kube_daemonset_status_updated_number_scheduled[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A DaemonSet is missing pods.",
      description:
        "DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} has no available pod on {{ $value }} nodes.",
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
      alert: "KubeQuotaExhausted",
      expr: 'kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0) >= 0.95',
      for: "15m",
      severity: "warning",
      summary: "A namespace has almost used up its quota.",
      description:
        "{{ $labels.namespace }} uses {{ $value | humanizePercentage }} of its {{ $labels.resource }} quota.",
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
  ],
};
