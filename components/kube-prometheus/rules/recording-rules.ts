import type { Recording, RuleGroup } from "../../../lib/monitoring/rules.ts";
import { apiServerRecordings } from "./api-server-rules.ts";
import type { MonitoredTargets } from "./groups.ts";

// Names and labels of the Kubernetes and node mixins, so that dashboards made for them work. Their matchers on `job` are
// left out: series of Alloy's host metrics have another job.
// https://github.com/kubernetes-monitoring/kubernetes-mixin/tree/master/rules
// https://github.com/prometheus/node_exporter/blob/v1.12.1/docs/node-mixin/rules/rules.libsonnet

/** Aggregates of nodes, pods and namespaces that dashboards would otherwise compute on every refresh. */
export function recordingRules(
  known: Pick<MonitoredTargets, "nodes" | "kubelets" | "kubeStateMetrics" | "controlPlane">,
): RuleGroup[] {
  return [
    ...(known.nodes ? [nodes] : []),
    ...(known.kubelets ? [containers, kubelets] : []),
    ...(known.kubelets && known.kubeStateMetrics ? [placedContainers] : []),
    ...(known.kubeStateMetrics ? [requests, owners] : []),
    ...(known.controlPlane.includes("kube-apiserver") ? [apiServerRecordings] : []),
  ];
}

const disk = 'device=~"(/dev/)?(mmcblk.p.+|nvme.+|rbd.+|sd.+|vd.+|xvd.+|dm-.+|md.+|dasd.+)"';

const nodes: RuleGroup = {
  name: "node-exporter.rules",
  rules: [
    { record: "instance:node_num_cpu:sum", expr: 'count without (cpu, mode) (node_cpu_seconds_total{mode="idle"})' },
    {
      record: "instance:node_cpu_utilisation:rate5m",
      expr: '1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m])))',
    },
    { record: "instance:node_load1_per_cpu:ratio", expr: "node_load1 / instance:node_num_cpu:sum" },
    {
      record: "instance:node_memory_utilisation:ratio",
      expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    },
    { record: "instance:node_vmstat_pgmajfault:rate5m", expr: "rate(node_vmstat_pgmajfault[5m])" },
    {
      record: "instance_device:node_disk_io_time_seconds:rate5m",
      expr: `rate(node_disk_io_time_seconds_total{${disk}}[5m])`,
    },
    {
      record: "instance_device:node_disk_io_time_weighted_seconds:rate5m",
      expr: `rate(node_disk_io_time_weighted_seconds_total{${disk}}[5m])`,
    },
    ...["bytes", "drop"].flatMap((what) =>
      ["receive", "transmit"].flatMap((direction): Recording[] => [
        {
          record: `instance:node_network_${direction}_${what}_excluding_lo:rate5m`,
          expr: `sum without (device) (rate(node_network_${direction}_${what}_total{device!="lo"}[5m]))`,
        },
        {
          record: `instance:node_network_${direction}_${what}_physical:rate5m`,
          expr: `sum without (device) (rate(node_network_${direction}_${what}_total{device!~"lo|veth.+"}[5m]))`,
        },
      ]),
    ),
    { record: ":node_memory_MemAvailable_bytes:sum", expr: "sum by (cluster) (node_memory_MemAvailable_bytes)" },
    {
      record: "node:node_cpu_utilization:ratio_rate5m",
      expr: 'avg by (cluster, node) (sum without (mode) (rate(node_cpu_seconds_total{mode!~"idle|iowait|steal"}[5m])))',
    },
    {
      record: "cluster:node_cpu:ratio_rate5m",
      expr: "avg by (cluster) (node:node_cpu_utilization:ratio_rate5m)",
    },
  ],
};

const kubelets: RuleGroup = {
  name: "kubelet.rules",
  rules: [0.99, 0.9, 0.5].map((quantile) => ({
    record: "node_quantile:kubelet_pleg_relist_duration_seconds:histogram_quantile",
    expr: `histogram_quantile(${quantile}, sum by (cluster, instance, node, le) (rate(kubelet_pleg_relist_duration_seconds_bucket[5m])))`,
    labels: { quantile: String(quantile) },
  })),
};

/** cAdvisor's series of containers, without those of pods and cgroups. */
const container = 'container!="",image!=""';

/** What does not need kube-state-metrics. */
const containers: RuleGroup = {
  name: "containers.recording",
  rules: [
    {
      record: "namespace_pod_container:container_cpu_usage_seconds:rate5m",
      expr: `sum by (cluster, namespace, pod, container) (rate(container_cpu_usage_seconds_total{${container}}[5m]))`,
    },
    {
      record: "namespace_pod_container:container_memory_working_set_bytes",
      expr: `sum by (cluster, namespace, pod, container) (container_memory_working_set_bytes{${container}})`,
    },
    {
      record: "namespace:container_cpu_usage_seconds:rate5m",
      expr: "sum by (cluster, namespace) (namespace_pod_container:container_cpu_usage_seconds:rate5m)",
    },
    {
      record: "namespace:container_memory_working_set_bytes:sum",
      expr: "sum by (cluster, namespace) (namespace_pod_container:container_memory_working_set_bytes)",
    },
  ],
};

/** The node that a pod is on. Of two, as after a restart of kube-state-metrics, one is taken. */
const onItsNode =
  "* on (cluster, namespace, pod) group_left (node)" +
  ' topk by (cluster, namespace, pod) (1, max by (cluster, namespace, pod, node) (kube_pod_info{node!=""}))';

const placedContainers: RuleGroup = {
  name: "k8s.rules.container",
  rules: [
    {
      record: "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m",
      expr: `namespace_pod_container:container_cpu_usage_seconds:rate5m ${onItsNode}`,
    },
    {
      record: "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate",
      expr: `sum by (cluster, namespace, pod, container) (irate(container_cpu_usage_seconds_total{${container}}[5m])) ${onItsNode}`,
    },
    ...["working_set_bytes", "rss", "cache", "swap"].map((what) => ({
      record: `node_namespace_pod_container:container_memory_${what}`,
      expr: `max by (cluster, namespace, pod, container, instance, image, job, metrics_path) (container_memory_${what}{${container}}) ${onItsNode}`,
    })),
  ],
};

/** Restricts requests to pods that have not finished: what the scheduler counts as used. */
const active =
  '* on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"} == 1)';

const requests: RuleGroup = {
  name: "k8s.rules.resources",
  rules: ["requests", "limits"].flatMap((kind) =>
    ["cpu", "memory"].flatMap((resource): Recording[] => {
      const metric = `kube_pod_container_resource_${kind}`;
      const one = `max by (cluster, namespace, pod, container) (${metric}{resource="${resource}"})`;
      return [
        {
          record: `cluster:namespace:pod_${resource}:active:${metric}`,
          expr: `${metric}{resource="${resource}"} ${active}`,
        },
        {
          record: `namespace_${resource}:${metric}:sum`,
          expr: `sum by (cluster, namespace) (sum by (cluster, namespace, pod) (${one}) ${active})`,
        },
      ];
    }),
  ),
};

/** The workload that a pod belongs to, by its kind. */
const owners: RuleGroup = {
  name: "k8s.rules.pod_owner",
  rules: [
    ownedBy("deployment", `${throughReplicaSet("Deployment")}, "workload", "$1", "owner_name", "(.*)")`),
    ownedBy("replicaset", `${throughReplicaSet("")}, "workload", "$1", "replicaset", "(.*)")`),
    ...["DaemonSet", "StatefulSet", "Job"].map((kind) =>
      ownedBy(
        kind.toLowerCase(),
        `label_replace(kube_pod_owner{owner_kind="${kind}"}, "workload", "$1", "owner_name", "(.*)")`,
      ),
    ),
    ownedBy("barepod", 'label_replace(kube_pod_owner{owner_kind="",owner_name=""}, "workload", "$1", "pod", "(.+)")'),
    ownedBy("staticpod", 'label_replace(kube_pod_owner{owner_kind="Node"}, "workload", "$1", "pod", "(.+)")'),
  ],
};

function ownedBy(type: string, expr: string): Recording {
  return {
    record: "namespace_workload_pod:kube_pod_owner:relabel",
    expr: `max by (cluster, namespace, workload, pod) (${expr})`,
    labels: { workload_type: type },
  };
}

/** Pods of ReplicaSets with such an owner, whose name is in `owner_name`. */
function throughReplicaSet(owner: "Deployment" | ""): string {
  return (
    'label_replace(label_replace(kube_pod_owner{owner_kind="ReplicaSet"}, "replicaset", "$1", "owner_name", "(.*)")' +
    " * on (cluster, namespace, replicaset) group_left (owner_name) topk by (cluster, namespace, replicaset)" +
    ` (1, max by (cluster, namespace, replicaset, owner_name) (kube_replicaset_owner{owner_kind="${owner}"}))`
  );
}
