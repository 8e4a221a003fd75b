import { oncePerShard } from "../../../lib/monitoring/prometheus-pairs.ts";
import type { Recording, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { Workload } from "../../../lib/sizing/index.ts";

/** Tenant that holds the aggregates. Mimir applies retention per tenant, so aggregates need a tenant of their own. */
export const longTermTenant = "long-term";

/** Evaluation interval of the aggregates, in seconds. Mimir does not downsample; a longer interval reduces granularity instead. */
export const aggregateSeconds = 300;

const window = "[5m]";

/** The owner's name without the suffix that changes per rollout or run: a ReplicaSet's hash, a CronJob's timestamp. */
const named = (kind: string, pattern: string): string =>
  `label_replace(label_replace(kube_pod_owner{owner_is_controller="true", ${kind}}, "workload", "$1", "owner_name", "(.+)"), "workload", "$1", "owner_name", "${pattern}")`;

/** Maps pods to workloads: 1 for each pod that has a controller. */
const owners = [
  named('owner_kind="ReplicaSet"', "(.+)-[a-z0-9]+"),
  named('owner_kind="Job"', "(.+)-[0-9]+"),
  named('owner_kind!~"ReplicaSet|Job"', "(.+)"),
].join(" or ");

/** Per workload: usage without the label of individual, short-lived pods. */
const workload = (name: string, perPod: string): Recording => ({
  record: `cluster_namespace_workload:${name}`,
  expr:
    `sum by (cluster, namespace, workload, owner_kind) (sum by (cluster, namespace, pod) (${perPod})` +
    " * on (cluster, namespace, pod) group_left (workload, owner_kind)" +
    ` max by (cluster, namespace, pod, workload, owner_kind) (${owners}))`,
});

const namespace = (name: string, expr: string): Recording => ({
  record: `cluster_namespace:${name}`,
  expr: `sum by (cluster, namespace) (${expr})`,
});

/** Per service, as named by its SDK. Requests are counted on the server side. */
const service = (name: string, expr: string): Recording => ({
  record: `cluster_service:${name}`,
  expr: `sum by (cluster, service_name) (${expr})`,
});

const cluster = (name: string, expr: string): Recording => ({
  record: `cluster:${name}`,
  expr: `sum by (cluster) (${expr})`,
});

const cpu = `rate(container_cpu_usage_seconds_total{container!="", image!=""}${window})`;
const memory = 'container_memory_working_set_bytes{container!="", image!=""}';
const received = `rate(container_network_receive_bytes_total{pod!=""}${window})`;
const sent = `rate(container_network_transmit_bytes_total{pod!=""}${window})`;
// The collectors count the scrapes of their own metrics under the same name, without a service.
const ofServices = 'service_name!=""';
const requests = `rate(http_server_request_duration_seconds_count{${ofServices}}${window})`;
const errors = `rate(http_server_request_duration_seconds_count{${ofServices}, http_response_status_code=~"5.."}${window})`;

const groups: Readonly<Record<"workload" | "namespace" | "service" | "cluster", readonly Recording[]>> = {
  workload: [
    workload("cpu_usage_cores:sum_rate5m", cpu),
    workload("memory_working_set_bytes:sum", memory),
    workload("network_receive_bytes:sum_rate5m", received),
    workload("network_transmit_bytes:sum_rate5m", sent),
    workload("restarts:sum_increase5m", `increase(kube_pod_container_status_restarts_total${window})`),
  ],
  namespace: [
    namespace("cpu_usage_cores:sum_rate5m", cpu),
    namespace("memory_working_set_bytes:sum", memory),
    namespace("cpu_requests_cores:sum", 'kube_pod_container_resource_requests{resource="cpu"}'),
    namespace("memory_requests_bytes:sum", 'kube_pod_container_resource_requests{resource="memory"}'),
    namespace("network_receive_bytes:sum_rate5m", received),
    namespace("network_transmit_bytes:sum_rate5m", sent),
    namespace("pods:count", 'kube_pod_status_phase{phase="Running"}'),
    namespace("volume_used_bytes:sum", "kubelet_volume_stats_used_bytes"),
  ],
  service: [service("http_requests:sum_rate5m", requests), service("http_errors:sum_rate5m", errors)],
  cluster: [
    cluster("cpu_usage_cores:sum_rate5m", cpu),
    cluster("memory_working_set_bytes:sum", memory),
    cluster("cpu_allocatable_cores:sum", 'kube_node_status_allocatable{resource="cpu"}'),
    cluster("memory_allocatable_bytes:sum", 'kube_node_status_allocatable{resource="memory"}'),
    cluster("nodes:count", "kube_node_info"),
    cluster("pods:count", 'kube_pod_status_phase{phase="Running"}'),
    cluster("active_series:sum", oncePerShard("prometheus_tsdb_head_series")),
  ],
};

/**
 * Recording rules for capacity planning and cost reports: five-minute aggregates that outlive the series they are
 * computed from. They read the main tenant and write to {@link longTermTenant}.
 */
export function aggregateGroups(): RuleGroup[] {
  return Object.entries(groups).map(([level, rules]) => ({
    name: `aggregates.${level}`,
    interval: `${aggregateSeconds / 60}m`,
    tenant: longTermTenant,
    rules,
  }));
}

/** Number of recording rules in {@link aggregateGroups}. */
export function aggregateRules(): number {
  return Object.values(groups).reduce((sum, rules) => sum + rules.length, 0);
}

/** Mean pods per workload: three replicas, as redundant services run. An assumption; no published figure exists. */
const podsPerWorkload = 3;
/** Mean workloads per namespace. An assumption; no published figure exists. */
const workloadsPerNamespace = 10;

/** Active series in the long-retention tenant: one per rule and workload, namespace or cluster. Half of the workloads are assumed to serve HTTP. */
export function aggregateSeries({ pods }: Workload): number {
  const workloads = Math.ceil(pods / podsPerWorkload);
  const namespaces = Math.ceil(workloads / workloadsPerNamespace);
  return (
    workloads * groups.workload.length +
    Math.ceil(workloads / 2) * groups.service.length +
    namespaces * groups.namespace.length +
    groups.cluster.length
  );
}
