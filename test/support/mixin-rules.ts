const onItsNode =
  '* on (namespace, pod) group_left (node) topk by (namespace, pod) (1, max by (namespace, pod, node) (kube_pod_info{node!=""}))';
const cadvisor = 'job="kubelet", metrics_path="/metrics/cadvisor", image!=""';

/**
 * The expressions of kube-prometheus' recording rules about containers, by the names of their results.
 * @see https://github.com/prometheus-operator/kube-prometheus/blob/047d50493afc33fcd436ce85a6ed44c9f2781353/manifests/kubernetesControlPlane-prometheusRule.yaml
 */
export const kubePrometheusRules: Readonly<Record<string, string>> = {
  "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate": `sum by (cluster, namespace, pod, container) (irate(container_cpu_usage_seconds_total{${cadvisor}}[5m])) ${onItsNode}`,
  ...Object.fromEntries(
    ["working_set_bytes", "rss", "cache", "swap"].map((what) => [
      `node_namespace_pod_container:container_memory_${what}`,
      `container_memory_${what}{${cadvisor}} ${onItsNode}`,
    ]),
  ),
};
