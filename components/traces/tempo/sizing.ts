import {
  formatBytes,
  formatCount,
  GiB,
  MiB,
  type ObjectStorageUse,
  secondsPerMonth,
  sized,
  type WorkloadSize,
} from "../../../lib/sizing/index.ts";
import { bytesPerSpan, type KeptSpans, type TempoMode, type TempoService } from "../capacity.ts";

/** What both modes have. */
export interface TempoSizingBase {
  /** `ingestion.rate_limit_bytes`: bytes/s on the wire. */
  readonly rateLimitBytes: number;
  /** `ingestion.max_traces_per_user`: traces open at the same time. */
  readonly maxLiveTraces: number;
  /** `querier.max_concurrent_queries`: jobs that one process runs at the same time. */
  readonly concurrentJobs: number;
  /** What the bucket holds and how often it is accessed. */
  readonly objectStorage: ObjectStorageUse;
}

/** Replicas and resources of every workload, with the reason for each number. */
export type TempoSizing = TempoSizingBase &
  (
    | { readonly mode: "monolithic"; readonly tempo: WorkloadSize }
    | {
        readonly mode: "microservices";
        /** Partitions of the Kafka topic. Each has one block-builder, and one live-store per zone. */
        readonly partitions: number;
        readonly services: Readonly<Record<TempoService, WorkloadSize>>;
      }
  );

/**
 * Load of a single process: 10 MB/s, what one distributor of the sizing guide carries. Tempo's documentation names 25 to
 * 35 MB/s, but a single process is also a single point of failure, in which a heavy query delays ingestion.
 * @see https://grafana.com/docs/tempo/v3.0.x/set-up-for-tracing/setup-tempo/plan/deployment-modes/
 */
export const monolithicSpansPerSecond = 22_000;
/**
 * Partitions with which Tempo creates its topic (`auto_create_topic_default_partitions`).
 * @see https://grafana.com/docs/tempo/v3.0.x/configuration/#ingest
 */
export const maxPartitions = 1_000;
/** Zones of the live-stores: each partition has one live-store in each. */
export const liveStoreZones = 2;

/**
 * Bytes/s per replica: 10 MB/s, the lower end of 6 to 10 MB/s, and the middle of 1 to 2 MB/s.
 * @see https://grafana.com/docs/tempo/v3.0.x/set-up-for-tracing/setup-tempo/plan/size/
 */
const distributorRate = 10e6;
const liveStoreRate = 6e6;
const querierRate = 1.5e6;
/** Memory of a live-store per byte/s: 8 GiB, in the lower half of the guide's 4 to 20 GB, at 6 MB/s. */
const liveStoreMemory = (8 * GiB) / liveStoreRate;
/** `query_frontend.search.target_bytes_per_job`, Tempo's default: what one job reads into memory. */
export const jobBytes = 100 * MiB;
/** Memory of an idle process. An estimate; no published figure exists. */
const idleBytes = 256 * MiB;
/** Memory for compaction and for merging results in a single process. An estimate; the guide gives 1 to 2 GB per worker. */
const mergeBytes = 512 * MiB;
/** Peak rate per mean rate that limits allow. A choice; no published figure exists. */
const burst = 3;
/** Longest time in seconds until a trace is cut from memory (`max_trace_live`). */
const openSeconds = 30;
/** Block size per wire size: blocks are compressed columns. An estimate; no published figure exists. */
const storedShare = 1 / 3;
/** Longest time in seconds until a block is cut, and how often compaction rewrites it. Estimates. */
const blockSeconds = 300;
const compactions = 3;

/**
 * Computes {@link TempoSizing}.
 * @param filesystem blocks are on the pod's volume
 * @param override applies overrides to a workload's size
 */
export function sizeTempo(
  kept: KeptSpans,
  mode: TempoMode,
  filesystem: boolean,
  override: (name: "tempo" | TempoService, size: WorkloadSize) => WorkloadSize,
): TempoSizing {
  const rate = kept.spansPerSecond * bytesPerSpan;
  const partitions = Math.max(1, Math.ceil(rate / liveStoreRate));
  const common: TempoSizingBase = {
    rateLimitBytes: Math.max(15_000_000, Math.ceil(rate * burst)),
    maxLiveTraces: Math.max(10_000, Math.ceil((kept.spansPerSecond / kept.spansPerTrace) * openSeconds * burst)),
    concurrentJobs: mode === "microservices" || kept.availability === "redundant" ? 20 : 4,
    objectStorage: tempoBucketUsage(kept, mode === "microservices" ? partitions : 1),
  };
  if (mode === "monolithic") {
    const blocks = filesystem ? common.objectStorage.bytes : 0;
    return { ...common, mode, tempo: override("tempo", sizeMonolith(rate, common.concurrentJobs, blocks)) };
  }
  const computed = Object.entries(sizeServices(rate, partitions)) as [TempoService, WorkloadSize][];
  const services = Object.fromEntries(computed.map(([name, size]) => [name, override(name, size)]));
  return { ...common, mode, partitions, services: services as Record<TempoService, WorkloadSize> };
}

function tempoBucketUsage(kept: KeptSpans, writers: number): ObjectStorageUse {
  const stored = kept.spansPerSecond * bytesPerSpan * storedShare;
  const blocksPerSecond = writers / blockSeconds;
  // A block has four objects: data, bloom filter, index and meta.
  const puts = blocksPerSecond * 4 * (1 + compactions);
  return {
    bytes: Math.ceil(stored * kept.retentionSeconds),
    putsPerMonth: Math.ceil(puts * secondsPerMonth),
    getsPerMonth: Math.ceil(puts * 2 * secondsPerMonth),
    reasons: {
      bytes: `${formatCount(kept.spansPerSecond)} kept spans/s of ${Math.round(bytesPerSpan)} B, a third of that in blocks (estimate), for ${Math.round(kept.retentionSeconds / 86_400)} d`,
      putsPerMonth: `a block of four objects every ${blockSeconds} s from each of ${writers}, compacted ${compactions} times`,
      getsPerMonth: "compaction reads what it merges; queries read about as much",
    },
  };
}

/** One process needs the sum of what its services need at this rate, plus an idle process. */
function sizeMonolith(rate: number, jobs: number, blocksOnDisk: number): WorkloadSize {
  const megabytes = rate / 1e6;
  return sized(
    {
      replicas: 1,
      cpuCores: 0.05 + megabytes * 0.45,
      memoryBytes: idleBytes + mergeBytes + jobs * jobBytes + rate * liveStoreMemory,
      diskBytes: 5 * GiB + rate * 3600 + blocksOnDisk / 0.8,
    },
    {
      replicas: "a single instance: only one backend-scheduler may exist",
      cpuCores: `${megabytes.toFixed(2)} MB/s at 0.45 cores: distributor 0.2, live-store 0.17, worker and queriers the rest (estimate)`,
      memoryBytes: `${formatBytes(idleBytes + mergeBytes)} idle and for compaction (estimate), ${jobs} concurrent jobs of ${formatBytes(jobBytes)}, ${megabytes.toFixed(2)} MB/s at the live-store's 8 GiB for 6 MB/s`,
      diskBytes: `5 GiB, an hour of spans in the WAL${blocksOnDisk ? `, and ${formatBytes(blocksOnDisk)} of blocks on this volume at 80 % usage` : ""}`,
    },
  );
}

const guide = "Tempo's sizing guide";
const estimate = "an estimate: Tempo's sizing guide has no figure";

/** Replicas by rate, from Tempo's sizing guide. Where the guide gives a range of memory, the reason names it. */
function sizeServices(rate: number, partitions: number): Record<TempoService, WorkloadSize> {
  const per = (unit: number) => Math.max(2, Math.ceil(rate / unit));
  const of = (
    [replicas, why]: readonly [number, string],
    [cpuCores, cpuSource]: readonly [number, string],
    [memoryGiB, memorySource]: readonly [number, string],
    diskBytes?: number,
  ) =>
    sized(
      { replicas, cpuCores, memoryBytes: memoryGiB * GiB, ...(diskBytes && { diskBytes }) },
      {
        replicas: why,
        cpuCores: cpuSource,
        memoryBytes: memorySource,
        ...(diskBytes && { diskBytes: "an hour of a full partition, plus 5 GiB" }),
      },
    );
  const hour = 5 * GiB + Math.min(rate, liveStoreRate) * 3600;
  return {
    distributor: of([per(distributorRate), "one for 10 MB/s, at least two"], [2, guide], [2, guide]),
    "live-store": of(
      [partitions, "one per partition of 6 MB/s, in each of two zones"],
      [1, guide],
      [8, `${guide}: 4 to 20 GB`],
      hour,
    ),
    "block-builder": of([partitions, "one per partition"], [0.5, guide], [5, `${guide}: 5 to 10 GB`], hour),
    querier: of([per(querierRate), "one for 1.5 MB/s, at least two"], [1, estimate], [4, `${guide}: 4 to 20 GB`]),
    "query-frontend": of([2, "two, so that losing one is tolerated"], [0.5, estimate], [4, `${guide}: 4 to 20 GB`]),
    "backend-scheduler": of([1, "only one may exist"], [0.5, guide], [1, `${guide}: 1 to 2 GB`], 5 * GiB),
    "backend-worker": of(
      [per(2 * distributorRate), `one for 20 MB/s, at least two: ${estimate}`],
      [0.5, guide],
      [2, `${guide}: 1 to 2 GB`],
    ),
    "metrics-generator": of(
      [per(distributorRate), `one for 10 MB/s, at least two, as distributors: ${estimate}`],
      [1, estimate],
      [2, estimate],
      5 * GiB,
    ),
  };
}
