import {
  type Availability,
  formatCount,
  formatDuration,
  GiB,
  MiB,
  type Reasons,
  type Retention,
  replicasFor,
  retentionProfiles,
  samplesPerSecond,
  seconds,
  sized,
  type Workload,
  type WorkloadSize,
} from "../../lib/sizing/index.ts";
import { bytesPerStoredSample, scalingThresholds } from "./prometheus/scaling.ts";

/** Series that one process carries: 2 to 3 M, at 8 to 12 KB each that is a pod of about 30 GiB, which most nodes still place. */
export const seriesPerShard = 2_500_000;
/** Bytes of an active series in memory: what is asked for, and what queries, churn and WAL replay may take it to. */
const bytesPerSeries = { request: 8_192, limit: 12_288 } as const;
/** Remote write reads the WAL and keeps queues: a quarter more, from Prometheus' tuning documentation. */
const remoteWriteFactor = 1.25;
/** Resident size of an idle Prometheus: 88 to 95 MiB measured. */
const idleBytes = 128 * MiB;
/** Samples a second that one core scrapes, stores, sends on and evaluates rules over. */
const samplesPerCore = 25_000;
/** Local data once Mimir answers: enough to look at a shard by itself, and for an outage of remote write. */
const shortRetentionSeconds = seconds("24h");
/** The head block and the WAL hold up to three hours beyond the blocks. */
const headSeconds = seconds("3h");
/** Share of the volume that blocks may fill: 80 to 85 %, the rest is for compaction and the WAL. */
const usableShare = 0.8;

/** Samples of one remote-write request, and requests' worth that a queue holds: the documentation wants 3 to 10. */
const samplesPerSend = 2_000;
const sendsQueued = 5;
/** Samples a second of one remote-write shard: one request of 2,000 in 400 ms, a slow store. */
const samplesPerSender = 5_000;
/** After an outage the backlog must be sent faster than samples come in. */
const catchUp = 3;

/** What Prometheus has to carry. */
export interface KubePrometheusLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Whether a store for the long term takes every sample and answers people and rules. */
  readonly longTerm: boolean;
}

/** Sizes of the remote-write queue of one Prometheus. */
export interface RemoteWriteQueue {
  readonly capacity: number;
  readonly minShards: number;
  readonly maxShards: number;
  readonly maxSamplesPerSend: number;
}

export interface KubePrometheusSizing {
  /** Prometheus processes that share the targets. */
  readonly shards: number;
  /** Prometheus processes that scrape the same targets. */
  readonly replicasPerShard: number;
  /** All of them: replicas x shards. */
  readonly prometheus: WorkloadSize;
  /** How long blocks are kept, in seconds. */
  readonly retentionSeconds: number;
  /** Bytes of blocks above which the oldest are dropped: at most 80 % of the volume. */
  readonly retentionBytes: number;
  readonly queue: RemoteWriteQueue;
  readonly operator: WorkloadSize;
  readonly alertmanager: WorkloadSize;
  readonly kubeStateMetrics: WorkloadSize;
  readonly nodeExporter: WorkloadSize;
  readonly reasons: Reasons<Pick<KubePrometheusSizing, "shards" | "replicasPerShard" | "retentionSeconds" | "queue">>;
}

/** Computes {@link KubePrometheusSizing} from the workload. */
export function sizeKubePrometheus(load: KubePrometheusLoad): KubePrometheusSizing {
  const { workload, availability } = load;
  const shards = load.longTerm ? Math.max(1, Math.ceil(workload.activeSeries / seriesPerShard)) : 1;
  const pair = availability === "redundant" && workload.activeSeries > scalingThresholds.activeSeries;
  const local = localRetention(load, shards);
  const prometheus = sizePrometheus(load, shards, pair ? 2 : 1, local);
  const samples = Math.ceil(samplesPerSecond(workload) / shards);
  return {
    shards,
    replicasPerShard: pair ? 2 : 1,
    prometheus,
    retentionSeconds: local,
    retentionBytes: Math.floor(((prometheus.diskBytes ?? 0) * usableShare) / MiB) * MiB,
    queue: {
      maxSamplesPerSend: samplesPerSend,
      capacity: samplesPerSend * sendsQueued,
      minShards: Math.max(1, Math.ceil(samples / samplesPerSender)),
      maxShards: Math.max(10, Math.ceil((samples * catchUp) / samplesPerSender)),
    },
    operator: sizeOperator(workload),
    alertmanager: sizeAlertmanager(availability),
    kubeStateMetrics: sizeKubeStateMetrics(workload),
    nodeExporter: sizeNodeExporter(workload),
    reasons: {
      shards: `${formatCount(workload.activeSeries)} series at ${formatCount(seriesPerShard)} a shard${load.longTerm ? "" : "; without a long-term store one must see everything"}`,
      replicasPerShard: pair
        ? `redundant, and more than ${formatCount(scalingThresholds.activeSeries)} series: one scrapes while the other restarts`
        : `one is enough up to ${formatCount(scalingThresholds.activeSeries)} series`,
      retentionSeconds: shards > 1 ? "sharded: Mimir answers, the shards keep the last day" : "the retention profile",
      queue: `${formatCount(samples)} samples/s a process: ${samplesPerSender} a sender, and ${catchUp} x that to catch up`,
    },
  };
}

function localRetention({ retention }: KubePrometheusLoad, shards: number): number {
  return shards > 1 ? Math.min(shortRetentionSeconds, retention.prometheus) : retention.prometheus;
}

function sizePrometheus({ workload, longTerm }: KubePrometheusLoad, shards: number, replicas: number, local: number) {
  const series = workload.activeSeries / shards;
  const samples = samplesPerSecond(workload) / shards;
  const factor = longTerm ? remoteWriteFactor : 1;
  const memory = (bytes: number) => idleBytes + series * bytes * factor;
  const disk = ((local + headSeconds) * samples * bytesPerStoredSample.high) / usableShare;
  const written = longTerm ? ", a quarter more for remote write" : "";
  return sized(
    {
      replicas: shards * replicas,
      cpuCores: Math.max(0.05, samples / samplesPerCore),
      memoryBytes: memory(bytesPerSeries.request),
      memoryLimitBytes: memory(bytesPerSeries.limit),
      diskBytes: Math.max(GiB, disk),
    },
    {
      replicas: `${shards} x ${replicas}: shards x replicas`,
      cpuCores: `${formatCount(samples)} samples/s at ${formatCount(samplesPerCore)} a core`,
      memoryBytes: `${formatCount(series)} series x 8 KiB${written}`,
      memoryLimitBytes: `${formatCount(series)} series x 12 KiB${written}: queries and WAL replay`,
      diskBytes: `${formatDuration(local)} and 3h of head x ${formatCount(samples)} samples/s x 2 B, 80 % full, at least 1 GiB`,
    },
  );
}

/** Its caches hold what it reconciles and the nodes; 64 MiB is an idle one. */
function sizeOperator(workload: Workload): WorkloadSize {
  const memoryBytes = 64 * MiB + workload.nodes * 64 * 1024;
  return sized(
    { replicas: 1, cpuCores: 0.02 + workload.nodes / 10_000, memoryBytes, memoryLimitBytes: 2 * memoryBytes },
    {
      replicas: "one leads; what it made runs on without it",
      cpuCores: "bursts when monitors change, and the kubelets' addresses every three minutes",
      memoryBytes: "64 MiB and 64 KiB a node",
    },
  );
}

/** Two gossip: neither needs a quorum, each sends what the other has not. */
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
      replicas: availability === "single" ? "one of everything" : "two gossip, so that alerts leave while one restarts",
      cpuCores: "next to nothing between alerts",
      memoryBytes: "35 to 41 MiB measured; a storm of 5 k alerts stays below the limit",
      diskBytes: "silences and the notification log",
    },
  );
}

/** Pods that one kube-state-metrics answers for: about 50 series each stay below the half million that one scrape should have. */
const podsPerStateMetrics = 10_000;

/** 2 MiB a node of 30 pods and 0.1 cores a hundred nodes, from its documentation; a low CPU limit makes its memory grow. */
function sizeKubeStateMetrics(workload: Workload): WorkloadSize {
  const shards = Math.max(1, Math.ceil(workload.pods / podsPerStateMetrics));
  const memoryBytes = 48 * MiB + (workload.pods / shards) * 72 * 1024;
  return sized(
    {
      replicas: shards,
      cpuCores: 0.02 + (workload.nodes / shards) * 0.001,
      memoryBytes,
      memoryLimitBytes: 2 * memoryBytes,
    },
    {
      replicas: `${formatCount(workload.pods)} pods at ${formatCount(podsPerStateMetrics)} a shard: a scrape of half a million series`,
      cpuCores: "1 m a node",
      memoryBytes: `48 MiB and 72 KiB a pod (2 MiB a node of 30)`,
    },
  );
}

function sizeNodeExporter(workload: Workload): WorkloadSize {
  return sized(
    { replicas: workload.nodes, cpuCores: 0.02, memoryBytes: 32 * MiB, memoryLimitBytes: 180 * MiB },
    {
      replicas: "one a node",
      cpuCores: "a scrape every interval",
      memoryBytes: "20 to 30 MiB; hosts with hundreds of disks and interfaces need the limit",
    },
  );
}

/** The load that {@link sizeKubePrometheus} takes where a component was given nothing. */
export function defaultLoad(
  load: Partial<KubePrometheusLoad> & Pick<KubePrometheusLoad, "workload">,
): KubePrometheusLoad {
  return {
    availability: "redundant",
    retention: retentionProfiles.standard,
    longTerm: false,
    ...load,
  };
}
