/**
 * Prometheus' own metrics with each series counted once: both replicas of a highly available Prometheus have the same, shards have
 * others. Without it, sums over pods are twice the truth. The operator calls pods `prometheus-NAME-0` and `prometheus-NAME-shard-1-0`.
 * @param perPod an expression with the label `pod`
 */
export const oncePerShard = (perPod: string): string =>
  `max by (cluster, namespace, shard) (label_replace(${perPod}, "shard", "$1", "pod", "(.+)-[0-9]+"))`;
