import { formatCount, MiB, sized, type Workload, type WorkloadSize } from "../../../lib/sizing/index.ts";

/** Pods per shard of kube-state-metrics. At about 50 series per pod, a scrape stays below half a million series. */
const podsPerShard = 10_000;

/**
 * kube-state-metrics. 2 MiB and 0.001 cores per node of 30 pods (72 KiB per pod) come from its scalability tests:
 * https://github.com/kubernetes/kube-state-metrics/issues/124. There is no CPU limit: "if CPU limits are set too low,
 * internal queues will not be able to be worked off quickly enough, resulting in increased memory consumption":
 * https://github.com/kubernetes/kube-state-metrics/tree/v2.20.0#resource-recommendation.
 */
export function sizeKubeStateMetrics(workload: Workload): WorkloadSize {
  const shards = Math.max(1, Math.ceil(workload.pods / podsPerShard));
  const memoryBytes = 48 * MiB + (workload.pods / shards) * 72 * 1024;
  return sized(
    {
      replicas: shards,
      cpuCores: 0.02 + (workload.nodes / shards) * 0.001,
      memoryBytes,
      memoryLimitBytes: 2 * memoryBytes,
    },
    {
      replicas: `${formatCount(workload.pods)} pods at ${formatCount(podsPerShard)} per shard: half a million series per scrape`,
      cpuCores: "1m per node",
      memoryBytes: "48 MiB and 72 KiB per pod (2 MiB per node of 30 pods)",
    },
  );
}

/**
 * node-exporter. The limit is the one that kube-prometheus sets:
 * https://github.com/prometheus-operator/kube-prometheus/blob/3af1d8320c992a9ca80df6cad51bc67be6c193bd/jsonnet/kube-prometheus/components/node-exporter.libsonnet.
 */
export function sizeNodeExporter(workload: Workload): WorkloadSize {
  return sized(
    { replicas: workload.nodes, cpuCores: 0.02, memoryBytes: 32 * MiB, memoryLimitBytes: 180 * MiB },
    {
      replicas: "one per node",
      cpuCores: "one scrape per interval",
      memoryBytes: "20 to 30 MiB; nodes with hundreds of disks and interfaces need the limit",
    },
  );
}
