import {
  type Availability,
  formatCount,
  GiB,
  MiB,
  type Reasons,
  type Retention,
  replicasFor,
  type SizeOverride,
  type SizeOverrides,
  samplesPerSecond,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";
import { sizeKubeStateMetrics, sizeNodeExporter } from "./exporters/sizing.ts";
import { scalingThresholds } from "./prometheus/scaling.ts";
import {
  localRetention,
  prometheusShards,
  queueReason,
  type RemoteWriteQueue,
  type RemoteWrites,
  remoteWriteQueue,
  seriesPerShard,
  sizePrometheus,
  usableShare,
} from "./prometheus/sizing.ts";

/** Values that replace computed sizes. */
export interface KubePrometheusSizes extends SizeOverrides<"operator" | "alertmanager" | "kubeStateMetrics"> {
  /** Resources of each Prometheus pod. Its number of pods is `shards` times `replicas`. */
  readonly prometheus?: Omit<SizeOverride, "replicas" | "minReplicas">;
  /** Resources of each node-exporter pod. There is one per node. */
  readonly nodeExporter?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** What the sizes are computed from. */
export interface KubePrometheusLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Whether a long-term store receives every sample and answers queries and rules. */
  readonly longTerm: boolean;
  /** Remote-write queues beside that of the long-term store. @default none */
  readonly writes?: Omit<RemoteWrites, "longTerm">;
  /** Prometheus shards. @default computed from the number of active series; 1 without a long-term store */
  readonly shards?: number;
  /** Prometheus pods per shard. @default 2 above a million series if `redundant`, else 1 */
  readonly replicas?: number;
  /** @default computed */
  readonly sizes?: KubePrometheusSizes;
}

/** Sizes of everything that the chart deploys. */
export interface KubePrometheusSizing {
  /** Number of Prometheus shards, each of which scrapes its share of the targets. */
  readonly shards: number;
  /** Prometheus pods that scrape the same targets. */
  readonly replicasPerShard: number;
  /** One Prometheus pod; `replicas` is the number of all pods. */
  readonly prometheus: WorkloadSize;
  /** Seconds for which blocks are kept. */
  readonly retentionSeconds: number;
  /** Bytes of blocks above which the oldest are deleted: at most 80 % of the volume. */
  readonly retentionBytes: number;
  readonly queue: RemoteWriteQueue;
  readonly operator: WorkloadSize;
  readonly alertmanager: WorkloadSize;
  readonly kubeStateMetrics: WorkloadSize;
  readonly nodeExporter: WorkloadSize;
  readonly reasons: Reasons<Pick<KubePrometheusSizing, "shards" | "replicasPerShard" | "retentionSeconds" | "queue">>;
}

/** Computes {@link KubePrometheusSizing}. */
export function sizeKubePrometheus(load: KubePrometheusLoad): KubePrometheusSizing {
  const { workload, availability, longTerm, sizes = {} } = load;
  const shards = load.shards ?? prometheusShards(workload, longTerm);
  const pair = availability === "redundant" && workload.activeSeries > scalingThresholds.activeSeries;
  const computedReplicas = pair ? 2 : 1;
  const replicasPerShard = load.replicas ?? computedReplicas;
  const retentionSeconds = localRetention(load.retention, shards);
  const fleet = { shards, replicasPerShard };
  const overridden = withOverride(
    sizePrometheus(workload, fleet, retentionSeconds, { longTerm, ...load.writes }),
    sizes.prometheus,
  );
  const prometheus = load.replicas
    ? { ...overridden, computed: { ...overridden.computed, replicas: shards * computedReplicas } }
    : overridden;
  const samples = Math.ceil(samplesPerSecond(workload) / shards);
  return {
    shards,
    replicasPerShard,
    prometheus,
    retentionSeconds,
    retentionBytes: Math.floor(((prometheus.diskBytes ?? 0) * usableShare) / MiB) * MiB,
    queue: remoteWriteQueue(samples),
    operator: withOverride(sizeOperator(workload), sizes.operator),
    alertmanager: withOverride(sizeAlertmanager(availability), sizes.alertmanager),
    kubeStateMetrics: withOverride(sizeKubeStateMetrics(workload), sizes.kubeStateMetrics),
    nodeExporter: withOverride(sizeNodeExporter(workload), sizes.nodeExporter),
    reasons: {
      shards: load.shards
        ? "set explicitly"
        : `${formatCount(workload.activeSeries)} series at ${formatCount(seriesPerShard)} per shard${longTerm ? "" : "; without a long-term store, one Prometheus must see every series"}`,
      replicasPerShard: load.replicas ? "set explicitly" : replicasReason(pair),
      retentionSeconds: shards > 1 ? "sharded: Mimir answers queries, shards keep one day" : "the retention profile",
      queue: queueReason(samples),
    },
  };
}

function replicasReason(pair: boolean): string {
  const threshold = formatCount(scalingThresholds.activeSeries);
  return pair
    ? `redundant, and more than ${threshold} series: one replica scrapes while the other restarts`
    : `one replica is enough up to ${threshold} series`;
}

/** The operator caches what it reconciles, and nodes. An idle one takes 64 MiB. Both figures are assumptions. */
function sizeOperator(workload: Workload): WorkloadSize {
  const memoryBytes = 64 * MiB + workload.nodes * 64 * 1024;
  return sized(
    { replicas: 1, cpuCores: 0.02 + workload.nodes / 10_000, memoryBytes, memoryLimitBytes: 2 * memoryBytes },
    {
      replicas: "it does not elect leaders; Prometheus and Alertmanager keep running without it",
      cpuCores: "bursts when monitors change, and when kubelet addresses are synced every three minutes",
      memoryBytes: "64 MiB and 64 KiB per node",
    },
  );
}

/** Two members gossip without a quorum: each sends the notifications that the other has not sent. */
function sizeAlertmanager(availability: Availability): WorkloadSize {
  return sized(
    {
      replicas: replicasFor(1, 1, 2, availability),
      cpuCores: 0.02,
      memoryBytes: 64 * MiB,
      memoryLimitBytes: 256 * MiB,
      diskBytes: GiB,
    },
    {
      replicas:
        availability === "single" ? "single availability" : "two members, so that alerts are sent while one restarts",
      cpuCores: "next to nothing between alerts",
      memoryBytes: "35 to 41 MiB measured with 0.33; a storm of 5 k alerts stays below the limit",
      diskBytes: "silences and the notification log",
    },
  );
}
