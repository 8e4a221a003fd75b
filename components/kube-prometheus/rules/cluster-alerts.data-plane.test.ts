import { App } from "cdk8s";
import { test } from "vitest";
import { type AlertCase, constant, counter, gauge, runAlertCases, slope } from "../../../test/support/alerts.ts";
import { mixins } from "../../../test/support/mixin-alerts.ts";
import { KubePrometheusChart, type KubePrometheusProps } from "../index.ts";

const everything = (props: Partial<KubePrometheusProps> = {}) =>
  new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    remoteWrite: { scheme: "http", host: "mimir", port: 8080, path: "/api/v1/push" },
    controlPlane: ["kube-apiserver", "coredns", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"],
    ...props,
  });

const pod = 'namespace="shop",pod="cart-0"';
const container = `${pod},container="cart"`;
const disk = 'instance="node-1",device="/dev/sda1",device_error="",mountpoint="/",fstype="ext4"';
const claim = 'namespace="shop",persistentvolumeclaim="data"';
const GiB = 1024 ** 3;

const workloads: AlertCase[] = [
  {
    alert: "TargetDown",
    series: {
      // Two of nineteen are more than a tenth, one of nineteen is less.
      ...Object.fromEntries(
        Array.from({ length: 17 }, (_, index) => [`up{namespace="shop",job="cart",instance="${index}"}`, constant(1)]),
      ),
      'up{namespace="shop",job="cart",instance="a"}': constant(0),
      'up{namespace="shop",job="cart",instance="b"}': gauge(0, 1),
      'up{namespace="shop",job="orders",instance="c"}': constant(1),
    },
  },
  {
    alert: "KubeStateMetricsListErrors",
    series: {
      'kube_state_metrics_list_total{result="error",resource="*v1.Pod"}': counter(11, 10),
      'kube_state_metrics_list_total{result="success",resource="*v1.Pod"}': counter(989, 990),
    },
  },
  {
    // Lists that succeed, and that no longer happen, hide nothing.
    alert: "KubeStateMetricsWatchErrors",
    series: {
      'kube_state_metrics_list_total{result="success",resource="*v1.Pod"}': constant(1),
      'kube_state_metrics_watch_total{result="error",resource="*v1.Pod"}': counter(11, 10),
      'kube_state_metrics_watch_total{result="success",resource="*v1.Pod"}': counter(989, 990),
    },
  },
  {
    alert: "KubePodCrashLooping",
    series: {
      [`kube_pod_container_status_waiting_reason{${container},reason="CrashLoopBackOff"}`]: gauge(1, undefined),
    },
  },
  {
    alert: "KubePodNotReady",
    series: {
      [`kube_pod_status_phase{${pod},phase="Pending"}`]: gauge(1, 0),
      [`kube_pod_owner{${pod},owner_kind="StatefulSet"}`]: constant(1),
      'kube_pod_status_phase{namespace="shop",pod="job-1",phase="Pending"}': constant(0),
    },
  },
  {
    alert: "KubeContainerWaiting",
    series: {
      [`kube_pod_container_status_waiting_reason{${container},reason="ImagePullBackOff"}`]: gauge(1, undefined),
    },
  },
  {
    alert: "KubeContainerOomKilled",
    series: {
      [`kube_pod_container_status_restarts_total{${container}}`]: counter(1, 0),
      [`kube_pod_container_status_last_terminated_reason{${container},reason="OOMKilled"}`]: constant(1),
    },
  },
  {
    alert: "KubeDeploymentReplicasMismatch",
    series: {
      'kube_deployment_spec_replicas{namespace="shop",deployment="cart"}': constant(3),
      'kube_deployment_status_replicas_available{namespace="shop",deployment="cart"}': gauge(2, 3),
      'kube_deployment_status_replicas_updated{namespace="shop",deployment="cart"}': constant(3),
    },
  },
  {
    alert: "KubeStatefulSetReplicasMismatch",
    series: {
      'kube_statefulset_replicas{namespace="shop",statefulset="cart"}': constant(3),
      'kube_statefulset_status_replicas_ready{namespace="shop",statefulset="cart"}': gauge(2, 3),
      'kube_statefulset_status_replicas_updated{namespace="shop",statefulset="cart"}': constant(3),
    },
  },
  {
    alert: "KubeJobFailed",
    series: { 'kube_job_failed{namespace="shop",job_name="report",condition="true"}': gauge(1, 0) },
  },
  {
    alert: "KubeHpaMaxedOut",
    series: {
      'kube_horizontalpodautoscaler_status_current_replicas{namespace="shop",horizontalpodautoscaler="cart"}': gauge(
        10,
        9,
      ),
      'kube_horizontalpodautoscaler_spec_max_replicas{namespace="shop",horizontalpodautoscaler="cart"}': constant(10),
      'kube_horizontalpodautoscaler_spec_min_replicas{namespace="shop",horizontalpodautoscaler="cart"}': constant(2),
    },
  },
  {
    alert: "KubePdbNotEnoughHealthyPods",
    series: {
      'kube_poddisruptionbudget_status_current_healthy{namespace="shop",poddisruptionbudget="cart"}': gauge(1, 2),
      'kube_poddisruptionbudget_status_desired_healthy{namespace="shop",poddisruptionbudget="cart"}': constant(2),
    },
  },
  {
    alert: "KubeNodeNotReady",
    series: {
      'kube_node_status_condition{node="n",condition="Ready",status="true"}': gauge(0, 1),
      'kube_node_spec_unschedulable{node="n"}': constant(0),
    },
  },
  {
    alert: "KubeNodePressure",
    series: { 'kube_node_status_condition{node="n",condition="DiskPressure",status="true"}': gauge(1, 0) },
  },
];

const nodes: AlertCase[] = [
  {
    alert: "NodeFilesystemAlmostOutOfSpace",
    series: {
      [`node_filesystem_avail_bytes{${disk}}`]: gauge(4.9, 5),
      [`node_filesystem_size_bytes{${disk}}`]: constant(100),
      [`node_filesystem_readonly{${disk}}`]: constant(0),
    },
  },
  {
    alert: "NodeFilesystemSpaceFillingUp",
    // 19 GiB of 100 that shrink by 1 GiB an hour are gone within a day; by a tenth of that they are not.
    series: {
      [`node_filesystem_avail_bytes{${disk}}`]: slope([19 * GiB, -GiB / 60], [19 * GiB, -GiB / 600]),
      [`node_filesystem_size_bytes{${disk}}`]: constant(100 * GiB),
      [`node_filesystem_readonly{${disk}}`]: constant(0),
    },
    minutes: 400,
  },
  {
    alert: "NodeFilesystemAlmostOutOfFiles",
    series: {
      [`node_filesystem_files_free{${disk}}`]: gauge(49, 50),
      [`node_filesystem_files{${disk}}`]: constant(1000),
      [`node_filesystem_readonly{${disk}}`]: constant(0),
    },
  },
  {
    alert: "NodeMemoryHighUtilization",
    series: {
      'node_memory_MemAvailable_bytes{instance="n"}': gauge(4.9, 5),
      'node_memory_MemTotal_bytes{instance="n"}': constant(100),
    },
  },
  { alert: "NodeClockSkewDetected", series: { 'node_timex_offset_seconds{instance="n"}': gauge(-0.051, -0.05) } },
  {
    alert: "NodeHighNumberConntrackEntriesUsed",
    series: {
      'node_nf_conntrack_entries{instance="n"}': gauge(76, 75),
      'node_nf_conntrack_entries_limit{instance="n"}': constant(100),
    },
  },
];

const cluster: AlertCase[] = [
  { alert: "KubeletDown", series: { 'up{job="kubelet",metrics_path="/metrics",node="n"}': gauge(0, 1) } },
  {
    alert: "KubeletTooManyPods",
    series: {
      ...Object.fromEntries(
        Array.from({ length: 19 }, (_, index) => [
          `kube_pod_status_phase{namespace="shop",pod="p${index}",phase="Running"}`,
          constant(1),
        ]),
      ),
      'kube_pod_status_phase{namespace="shop",pod="p19",phase="Running"}': gauge(1, 0),
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `kube_pod_info{namespace="shop",pod="p${index}",node="n"}`,
          constant(1),
        ]),
      ),
      'kube_node_status_capacity{node="n",resource="pods"}': constant(20),
    },
  },
  {
    alert: "KubePersistentVolumeAlmostFull",
    series: {
      [`kubelet_volume_stats_available_bytes{${claim}}`]: gauge(2.9, 3),
      [`kubelet_volume_stats_capacity_bytes{${claim}}`]: constant(100),
      [`kubelet_volume_stats_used_bytes{${claim}}`]: constant(97),
    },
  },
  {
    alert: "KubePersistentVolumeFillingUp",
    series: {
      [`kubelet_volume_stats_available_bytes{${claim}}`]: slope([14 * GiB, -GiB / 360], [14 * GiB, -GiB / 3600]),
      [`kubelet_volume_stats_capacity_bytes{${claim}}`]: constant(100 * GiB),
      [`kubelet_volume_stats_used_bytes{${claim}}`]: constant(86 * GiB),
    },
    minutes: 400,
  },
  { alert: "KubeAPIDown", series: { 'up{job="apiserver",instance="a"}': gauge(0, 1) } },
  {
    alert: "KubeApiServerErrors",
    series: {
      'apiserver_request_total{job="apiserver",code="500"}': counter(31, 30),
      'apiserver_request_total{job="apiserver",code="200"}': counter(969, 970),
    },
  },
  {
    alert: "KubeApiServerSlow",
    series: {
      'apiserver_request_duration_seconds_bucket{job="apiserver",verb="GET",subresource="",le="1"}': counter(980, 995),
      'apiserver_request_duration_seconds_bucket{job="apiserver",verb="GET",subresource="",le="2"}': counter(
        1000,
        1000,
      ),
      'apiserver_request_duration_seconds_bucket{job="apiserver",verb="GET",subresource="",le="+Inf"}': counter(
        1000,
        1000,
      ),
    },
  },
  {
    alert: "KubeAggregatedAPIDown",
    series: { 'aggregator_unavailable_apiservice{name="v1beta1.metrics.k8s.io"}': gauge(1, 0) },
  },
  { alert: "CoreDNSDown", series: { 'up{job="coredns",instance="a"}': gauge(0, 1) } },
  {
    alert: "CoreDnsErrors",
    series: {
      'coredns_dns_responses_total{rcode="SERVFAIL"}': counter(31, 30),
      'coredns_dns_responses_total{rcode="NOERROR"}': counter(969, 970),
    },
  },
  { alert: "KubeControllerManagerDown", series: { 'up{job="kube-controller-manager"}': gauge(0, 1) } },
  { alert: "KubeSchedulerDown", series: { 'up{job="kube-scheduler"}': gauge(undefined, 1) } },
  { alert: "KubeProxyDown", series: { 'up{job="kube-proxy",instance="a"}': gauge(0, 1) } },
  { alert: "EtcdNoLeader", series: { 'etcd_server_has_leader{instance="e"}': gauge(0, 1) } },
  {
    alert: "EtcdDatabaseAlmostFull",
    series: {
      'etcd_mvcc_db_total_size_in_bytes{instance="e"}': gauge(91, 90),
      'etcd_server_quota_backend_bytes{instance="e"}': constant(100),
    },
  },
];

test("every alert fires above its threshold, stays silent just below it, and resolves", () => {
  const chart = everything();
  const groups = chart.ruleGroups.filter(({ local, name }) => !local && name !== "alertmanager-cluster");
  runAlertCases(chart, [...workloads, ...nodes, ...cluster, ...mixins], groups);
});
