import { type AlertCase, constant, counter, gauge, slope } from "./alerts.ts";

// Cases of the alerts that have the names of the Kubernetes and node mixins.

const deployment = 'namespace="shop",deployment="cart"';
const statefulSet = 'namespace="shop",statefulset="cart"';
const daemonSet = 'namespace="shop",daemonset="agent"';
const hpa = 'namespace="shop",horizontalpodautoscaler="cart"';
const disk = 'instance="node-1",device="/dev/sda1",device_error="",mountpoint="/",fstype="ext4"';
const claim = 'namespace="shop",persistentvolumeclaim="data"';
const MiB = 1024 ** 2;

const workloads: AlertCase[] = [
  {
    alert: "KubeDeploymentRolloutStuck",
    series: { [`kube_deployment_status_condition{${deployment},condition="Progressing",status="false"}`]: gauge(1, 0) },
  },
  ...[
    ["KubeDeploymentGenerationMismatch", "deployment", deployment],
    ["KubeStatefulSetGenerationMismatch", "statefulset", statefulSet],
  ].map(([alert = "", name, labels]) => ({
    alert,
    series: {
      [`kube_${name}_status_observed_generation{${labels}}`]: gauge(3, 4),
      [`kube_${name}_metadata_generation{${labels}}`]: constant(4),
    },
  })),
  {
    alert: "KubeStatefulSetUpdateNotRolledOut",
    series: {
      [`kube_statefulset_status_current_revision{${statefulSet},revision="cart-1"}`]: constant(1),
      [`kube_statefulset_status_update_revision{${statefulSet},revision="cart-2"}`]: constant(1),
      [`kube_statefulset_replicas{${statefulSet}}`]: constant(3),
      [`kube_statefulset_status_replicas_updated{${statefulSet}}`]: gauge(1, 3),
    },
  },
  {
    alert: "KubeDaemonSetRolloutStuck",
    series: {
      [`kube_daemonset_status_desired_number_scheduled{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_number_available{${daemonSet}}`]: gauge(2, 3),
      [`kube_daemonset_status_updated_number_scheduled{${daemonSet}}`]: constant(3),
    },
  },
  {
    // All pods are available, and one is of an older revision.
    alert: "KubeDaemonSetRolloutStuck",
    series: {
      [`kube_daemonset_status_desired_number_scheduled{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_number_available{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_updated_number_scheduled{${daemonSet}}`]: gauge(2, 3),
    },
  },
  {
    alert: "KubeDaemonSetNotScheduled",
    series: {
      [`kube_daemonset_status_desired_number_scheduled{${daemonSet}}`]: constant(3),
      [`kube_daemonset_status_current_number_scheduled{${daemonSet}}`]: gauge(2, 3),
    },
  },
  {
    alert: "KubeDaemonSetMisScheduled",
    series: { [`kube_daemonset_status_number_misscheduled{${daemonSet}}`]: gauge(1, 0) },
  },
  {
    alert: "KubeJobNotCompleted",
    series: {
      'kube_job_status_start_time{namespace="shop",job_name="report"}': constant(0),
      'kube_job_status_active{namespace="shop",job_name="report"}': gauge(1, 0),
    },
    minutes: 725,
  },
  {
    alert: "KubeHpaReplicasMismatch",
    series: {
      [`kube_horizontalpodautoscaler_status_desired_replicas{${hpa}}`]: gauge(6, 5),
      [`kube_horizontalpodautoscaler_status_current_replicas{${hpa}}`]: constant(5),
      [`kube_horizontalpodautoscaler_spec_min_replicas{${hpa}}`]: constant(2),
      [`kube_horizontalpodautoscaler_spec_max_replicas{${hpa}}`]: constant(10),
    },
  },
  {
    alert: "KubeStateMetricsShardingMismatch",
    series: {
      'kube_state_metrics_total_shards{instance="a"}': gauge(2, 3),
      'kube_state_metrics_total_shards{instance="b"}': constant(3),
    },
  },
  {
    alert: "KubeStateMetricsShardsMissing",
    series: {
      'kube_state_metrics_total_shards{instance="a"}': constant(2),
      'kube_state_metrics_shard_ordinal{instance="a",shard_ordinal="0"}': constant(0),
      'kube_state_metrics_shard_ordinal{instance="b",shard_ordinal="1"}': gauge(undefined, 1),
    },
  },
  {
    alert: "KubeNodeUnreachable",
    series: {
      'kube_node_spec_taint{node="n",key="node.kubernetes.io/unreachable",value="",effect="NoSchedule"}': gauge(
        1,
        undefined,
      ),
    },
  },
  {
    alert: "KubeNodeReadinessFlapping",
    // Any change of the value counts.
    series: {
      'kube_node_status_condition{node="n",condition="Ready",status="true"}': slope([0, 1], [1, 0]),
      'kube_node_spec_unschedulable{node="n"}': constant(0),
    },
  },
  {
    alert: "KubePersistentVolumeErrors",
    series: { 'kube_persistentvolume_status_phase{persistentvolume="pv",phase="Failed"}': gauge(1, 0) },
  },
];

/** Two nodes of four cores, and a pod that requests so many; the same in bytes. */
const requested = (resource: string, firing: number, quiet: number) => ({
  [`kube_pod_container_resource_requests{namespace="shop",pod="p",container="c",node="n1",resource="${resource}",unit="core"}`]:
    gauge(firing, quiet),
  'kube_pod_status_phase{namespace="shop",pod="p",phase="Running"}': constant(1),
  [`kube_node_status_allocatable{node="n1",resource="${resource}",unit="core"}`]: constant(4),
  [`kube_node_status_allocatable{node="n2",resource="${resource}",unit="core"}`]: constant(4),
});
const quota = (type: string) => `kube_resourcequota{namespace="shop",resourcequota="q",resource="pods",type="${type}"}`;
const quotaOf = (firing: number, quiet: number) => ({
  [quota("used")]: gauge(firing, quiet),
  [quota("hard")]: constant(100),
});

const resources: AlertCase[] = [
  { alert: "KubeCPUOvercommit", series: requested("cpu", 4.1, 4) },
  { alert: "KubeMemoryOvercommit", series: requested("memory", 4.1, 4) },
  ...(["CPU", "Memory"] as const).map((what) => ({
    alert: `Kube${what}QuotaOvercommit`,
    series: {
      [`kube_resourcequota{namespace="shop",resourcequota="q",resource="requests.${what.toLowerCase()}",type="hard"}`]:
        gauge(6.1, 6),
      [`kube_node_status_allocatable{node="n1",resource="${what.toLowerCase()}",unit="u"}`]: constant(4),
    },
  })),
  { alert: "KubeQuotaAlmostFull", series: quotaOf(91, 90) },
  { alert: "KubeQuotaFullyUsed", series: quotaOf(100, 99) },
  { alert: "KubeQuotaExceeded", series: quotaOf(101, 100) },
  {
    alert: "CPUThrottlingHigh",
    series: {
      'container_cpu_cfs_throttled_periods_total{namespace="shop",pod="p",container="c",id="/c"}': counter(26, 25),
      'container_cpu_cfs_periods_total{namespace="shop",pod="p",container="c",id="/c"}': counter(100, 100),
    },
  },
];

const md = 'instance="n",device="md0"';
const nodes: AlertCase[] = [
  {
    alert: "NodeFilesystemFilesFillingUp",
    series: {
      [`node_filesystem_files_free{${disk}}`]: slope([39 * MiB, -MiB / 30], [39 * MiB, -MiB / 300]),
      [`node_filesystem_files{${disk}}`]: constant(100 * MiB),
      [`node_filesystem_readonly{${disk}}`]: constant(0),
    },
    minutes: 400,
  },
  ...(["Receive", "Transmit"] as const).map((kind) => ({
    alert: `NodeNetwork${kind}Errs`,
    series: {
      [`node_network_${kind.toLowerCase()}_errs_total{instance="n",device="eth0"}`]: counter(11, 10),
      [`node_network_${kind.toLowerCase()}_packets_total{instance="n",device="eth0"}`]: counter(1000, 1000),
    },
  })),
  {
    // Any change of the value counts.
    alert: "NodeNetworkInterfaceFlapping",
    series: { 'node_network_up{instance="n",device="eth0"}': slope([0, 1], [1, 0]) },
  },
  {
    alert: "NodeClockNotSynchronising",
    series: {
      'node_timex_sync_status{instance="n"}': gauge(0, 1),
      'node_timex_maxerror_seconds{instance="n"}': constant(16),
    },
  },
  {
    alert: "NodeCPUHighUsage",
    series: {
      'node_cpu_seconds_total{instance="n",cpu="0",mode="user"}': counter(55, 54),
      'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': counter(5, 6),
    },
  },
  {
    alert: "NodeSystemSaturation",
    series: {
      'node_load1{instance="n"}': gauge(4.1, 4),
      'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': counter(1, 1),
      'node_cpu_seconds_total{instance="n",cpu="1",mode="idle"}': counter(1, 1),
    },
  },
  { alert: "NodeMemoryMajorPagesFaults", series: { 'node_vmstat_pgmajfault{instance="n"}': counter(30_060, 30_000) } },
  {
    alert: "NodeDiskIOSaturation",
    series: { 'node_disk_io_time_weighted_seconds_total{instance="n",device="nvme0n1"}': counter(606, 600) },
  },
  ...(["warning", "critical"] as const).map((severity) => ({
    alert: "NodeFileDescriptorLimit",
    severity,
    series: {
      'node_filefd_allocated{instance="n"}': severity === "warning" ? gauge(71, 70) : gauge(91, 90),
      'node_filefd_maximum{instance="n"}': constant(100),
    },
  })),
  {
    alert: "NodeRAIDDegraded",
    series: {
      [`node_md_disks_required{${md}}`]: constant(2),
      [`node_md_disks{${md},state="active"}`]: gauge(1, 2),
    },
  },
  { alert: "NodeRAIDDiskFailure", series: { [`node_md_disks{${md},state="failed"}`]: gauge(1, 0) } },
  {
    alert: "NodeBondingDegraded",
    series: {
      'node_bonding_slaves{instance="n",master="bond0"}': constant(2),
      'node_bonding_active{instance="n",master="bond0"}': gauge(1, 2),
    },
  },
];

const api = 'job="apiserver"';
/** Requests a minute of one verb, of which so many are too slow. */
const requests = (firing: number, quiet: number) => {
  const of = `${api},verb="GET",subresource=""`;
  const slow = (scope: string, seconds: number) =>
    `apiserver_request_sli_duration_seconds_bucket{${of},scope="${scope}",le="${seconds}"}`;
  return {
    [`apiserver_request_total{${api},verb="GET",code="200"}`]: counter(1000, 1000),
    [`apiserver_request_sli_duration_seconds_count{${of},scope="resource"}`]: counter(998, 998),
    [`apiserver_request_sli_duration_seconds_count{${of},scope="namespace"}`]: counter(1, 1),
    [`apiserver_request_sli_duration_seconds_count{${of},scope="cluster"}`]: counter(1, 1),
    [slow("resource", 1)]: counter(998 - firing, 998 - quiet),
    [slow("namespace", 5)]: counter(1, 1),
    [slow("cluster", 30)]: counter(1, 1),
  };
};
const expiration = "apiserver_client_certificate_expiration_seconds";

const kubernetes: AlertCase[] = [
  ...[
    ["KubeAPIInstanceUnreachable", "apiserver"],
    ["KubeControllerManagerInstanceUnreachable", "kube-controller-manager"],
    ["KubeSchedulerInstanceUnreachable", "kube-scheduler"],
  ].map(([alert = "", job]) => ({
    alert,
    series: { [`up{job="${job}",instance="a"}`]: gauge(0, 1), [`up{job="${job}",instance="b"}`]: constant(1) },
  })),
  { alert: "KubeAPIErrorBudgetBurn", severity: "critical", series: requests(150, 5), minutes: 400 },
  { alert: "KubeAPIErrorBudgetBurn", severity: "warning", series: requests(35, 5), minutes: 400 },
  ...(["warning", "critical"] as const).map((severity) => {
    const seconds = severity === "warning" ? 604_800 : 86_400;
    const bucket = (le: number | string) => `${expiration}_bucket{${api},le="${le}"}`;
    return {
      alert: "KubeClientCertificateExpiration",
      severity,
      series: {
        [bucket(seconds / 2)]: counter(50, 0),
        [bucket(seconds)]: counter(50, 0),
        [bucket(seconds * 2)]: counter(100, 100),
        [bucket("+Inf")]: counter(100, 100),
        [`${expiration}_count{${api}}`]: counter(100, 100),
      },
    };
  }),
  {
    alert: "KubeAPITerminatedRequests",
    series: {
      [`apiserver_request_terminations_total{${api},code="429"}`]: counter(26, 25),
      [`apiserver_request_total{${api},verb="GET",code="200"}`]: counter(100, 100),
    },
  },
  {
    alert: "KubeAggregatedAPIErrors",
    series: {
      [`aggregator_unavailable_apiservice_total{${api},name="v1beta1.metrics.k8s.io",reason="ServiceNotFound"}`]:
        counter(1, 0),
    },
  },
  {
    alert: "KubeClientErrors",
    series: {
      [`rest_client_requests_total{${api},code="500",host="h",method="GET"}`]: counter(2, 1),
      [`rest_client_requests_total{${api},code="200",host="h",method="GET"}`]: counter(98, 99),
    },
  },
  {
    alert: "KubeVersionMismatch",
    series: {
      'kubernetes_build_info{job="kubelet",git_version="v1.35.2"}': gauge(1, undefined),
      'kubernetes_build_info{job="apiserver",git_version="v1.36.1"}': constant(1),
      'kubernetes_build_info{job="kubelet",git_version="v1.36.0"}': constant(1),
      // Built with Kubernetes' libraries, and not a part of it.
      'kubernetes_build_info{job="metrics-server",git_version="v0.0.0-master+$Format:%H$"}': constant(1),
    },
  },
  ...(["Client", "Server"] as const).flatMap((kind): AlertCase[] => {
    const ttl = `kubelet_certificate_manager_${kind.toLowerCase()}_ttl_seconds{node="n"}`;
    const errors = {
      Client: "kubelet_certificate_manager_client_expiration_renew_errors",
      Server: "kubelet_server_expiration_renew_errors",
    };
    return [
      {
        alert: `Kubelet${kind}CertificateExpiration`,
        severity: "warning",
        series: { [ttl]: gauge(604_799, 604_800) },
      },
      { alert: `Kubelet${kind}CertificateExpiration`, severity: "critical", series: { [ttl]: gauge(86_399, 86_400) } },
      { alert: `Kubelet${kind}CertificateRenewalErrors`, series: { [`${errors[kind]}{node="n"}`]: counter(1, 0) } },
    ];
  }),
  {
    alert: "KubeletInstanceUnreachable",
    series: {
      'up{job="kubelet",metrics_path="/metrics",node="n"}': gauge(0, 1),
      'up{job="kubelet",metrics_path="/metrics",node="m"}': constant(1),
    },
  },
  {
    alert: "KubeletPlegDurationHigh",
    series: {
      'kubelet_pleg_relist_duration_seconds_bucket{instance="i",node="n",le="5"}': counter(90, 100),
      'kubelet_pleg_relist_duration_seconds_bucket{instance="i",node="n",le="10"}': counter(90, 100),
      'kubelet_pleg_relist_duration_seconds_bucket{instance="i",node="n",le="+Inf"}': counter(100, 100),
    },
  },
  {
    alert: "KubeNodeEviction",
    series: { 'kubelet_evictions{node="n",eviction_signal="memory.available"}': counter(1, 0) },
  },
  {
    alert: "KubePersistentVolumeInodesFillingUp",
    series: {
      [`kubelet_volume_stats_inodes_free{${claim}}`]: gauge(2.9, 3),
      [`kubelet_volume_stats_inodes{${claim}}`]: constant(100),
      [`kubelet_volume_stats_inodes_used{${claim}}`]: constant(97),
    },
  },
];

export const mixins: readonly AlertCase[] = [...workloads, ...resources, ...nodes, ...kubernetes];
