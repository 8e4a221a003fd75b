import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** kube-state-metrics itself, and every target. */
export const stateMetricsAlerts: RuleGroup = {
  name: "targets",
  rules: [
    {
      alert: "TargetDown",
      expr: "count by (cluster, namespace, job) (up == 0) / count by (cluster, namespace, job) (up) > 0.1",
      for: "10m",
      severity: "warning",
      summary: "Targets do not answer.",
      description:
        "{{ $value | humanizePercentage }} of the targets of {{ $labels.job }} in {{ $labels.namespace }} do not answer.",
    },
    {
      alert: "KubeStateMetricsFailing",
      expr:
        'sum by (cluster) (rate(kube_state_metrics_list_total{result="error"}[5m])' +
        ' or rate(kube_state_metrics_watch_total{result="error"}[5m]))' +
        " / sum by (cluster) (rate(kube_state_metrics_list_total[5m]) or rate(kube_state_metrics_watch_total[5m])) > 0.05",
      for: "15m",
      severity: "warning",
      summary: "kube-state-metrics cannot read objects.",
      description:
        "{{ $value | humanizePercentage }} of its requests to the API server fail: what it says of workloads is old.",
    },
  ],
};

/** What teams run: pods, their owners, volumes, quotas. */
export const workloadAlerts: RuleGroup = {
  name: "workloads",
  rules: [
    {
      alert: "KubePodCrashLooping",
      expr: 'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m]) >= 1',
      for: "15m",
      severity: "warning",
      summary: "A container starts and fails again and again.",
      description: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is in CrashLoopBackOff.",
    },
    {
      alert: "KubePodNotReady",
      expr:
        'max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Unknown"}) == 1' +
        ' unless on (cluster, namespace, pod) kube_pod_owner{owner_kind="Job"}',
      for: "15m",
      severity: "warning",
      summary: "A pod does not come up.",
      description: "{{ $labels.namespace }}/{{ $labels.pod }} has not been running for 15 minutes.",
    },
    {
      alert: "KubeContainerWaiting",
      expr: 'kube_pod_container_status_waiting_reason{reason!~"CrashLoopBackOff|ContainerCreating"} > 0',
      for: "30m",
      severity: "warning",
      summary: "A container cannot be started.",
      description: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} waits: {{ $labels.reason }}.",
    },
    {
      alert: "KubeContainerOomKilled",
      expr:
        "increase(kube_pod_container_status_restarts_total[15m]) > 0 and on (cluster, namespace, pod, container)" +
        ' kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1',
      severity: "warning",
      summary: "A container was killed for its memory.",
      description: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} exceeded its memory limit.",
    },
    {
      alert: "KubeDeploymentReplicasMismatch",
      expr:
        "kube_deployment_spec_replicas > kube_deployment_status_replicas_available" +
        " and changes(kube_deployment_status_replicas_updated[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A Deployment has fewer pods than it should.",
      description:
        "{{ $labels.namespace }}/{{ $labels.deployment }} has not got its {{ $value }} replicas, and does not progress.",
    },
    {
      alert: "KubeStatefulSetReplicasMismatch",
      expr:
        "kube_statefulset_replicas > kube_statefulset_status_replicas_ready" +
        " and changes(kube_statefulset_status_replicas_updated[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A StatefulSet has fewer pods than it should.",
      description:
        "{{ $labels.namespace }}/{{ $labels.statefulset }} has not got its {{ $value }} replicas, and does not progress.",
    },
    {
      alert: "KubeDaemonSetPodsMissing",
      expr:
        "kube_daemonset_status_desired_number_scheduled - kube_daemonset_status_number_available > 0" +
        " and changes(kube_daemonset_status_updated_number_scheduled[10m]) == 0",
      for: "15m",
      severity: "warning",
      summary: "A DaemonSet is not on every node it should be on.",
      description: "{{ $labels.namespace }}/{{ $labels.daemonset }} is missing on {{ $value }} nodes.",
    },
    {
      alert: "KubeJobFailed",
      expr: 'kube_job_failed{condition="true"} > 0',
      for: "15m",
      severity: "warning",
      summary: "A Job failed.",
      description: "{{ $labels.namespace }}/{{ $labels.job_name }} failed and was not removed.",
    },
    {
      alert: "KubeHpaAtMaximum",
      expr:
        "kube_horizontalpodautoscaler_status_current_replicas >= kube_horizontalpodautoscaler_spec_max_replicas" +
        " and kube_horizontalpodautoscaler_spec_max_replicas > kube_horizontalpodautoscaler_spec_min_replicas",
      for: "30m",
      severity: "warning",
      summary: "An autoscaler cannot scale further.",
      description:
        "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has run at its maximum of {{ $value }} for 30 minutes.",
    },
    {
      alert: "KubeDisruptionBudgetUnmet",
      expr: "kube_poddisruptionbudget_status_current_healthy < kube_poddisruptionbudget_status_desired_healthy",
      for: "15m",
      severity: "warning",
      summary: "Fewer healthy pods than a disruption budget wants.",
      description:
        "{{ $labels.namespace }}/{{ $labels.poddisruptionbudget }} has {{ $value }} healthy pods: nodes of theirs cannot be drained.",
    },
    {
      alert: "KubeQuotaExhausted",
      expr: 'kube_resourcequota{type="used"} / ignoring (type) (kube_resourcequota{type="hard"} > 0) >= 0.95',
      for: "15m",
      severity: "warning",
      summary: "A namespace's quota is used up.",
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
      description: "{{ $labels.node }} has not been ready for 15 minutes, and nobody cordoned it.",
    },
    {
      alert: "KubeNodePressure",
      expr: 'kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure",status="true"} == 1',
      for: "10m",
      severity: "warning",
      summary: "A node is short of something.",
      description: "{{ $labels.node }} reports {{ $labels.condition }}: the kubelet evicts pods.",
    },
  ],
};
