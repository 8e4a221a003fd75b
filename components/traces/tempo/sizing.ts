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
import { bytesPerSpan, type KeptSpans } from "../kept-spans.ts";

/** One process without a queue, or a service a workload behind Kafka: Tempo 3 has nothing between. */
export type TempoMode = "monolithic" | "scalable";

/** The services of scalable Tempo. */
export const tempoServices = [
  "distributor",
  "live-store",
  "block-builder",
  "querier",
  "query-frontend",
  "backend-scheduler",
  "backend-worker",
  "metrics-generator",
] as const;
export type TempoService = (typeof tempoServices)[number];

interface Common {
  /** Bytes a second on the wire that may come in: `ingestion.rate_limit_bytes`. */
  readonly rateLimitBytes: number;
  /** Traces that may be open at a time: `ingestion.max_traces_per_user`. */
  readonly maxLiveTraces: number;
  readonly objectStorage: ObjectStorageUse;
}

export type TempoSizing = Common &
  (
    | { readonly mode: "monolithic"; readonly tempo: WorkloadSize }
    | {
        readonly mode: "scalable";
        /** Partitions of the Kafka topic: one block builder, and one live store in each zone, for each. */
        readonly partitions: number;
        readonly services: Readonly<Record<TempoService, WorkloadSize>>;
      }
  );

/** The lower end of what a single process is said to carry: 25 to 35 MB/s, 55 to 80 k spans/s. */
export const monolithicSpansPerSecond = 55_000;
/** Topics are made with this many partitions; each live store takes one. */
export const mostPartitions = 1_000;
/** A live store of each partition in each of two zones. */
export const liveStoreZones = 2;

/** MB/s that one pod takes, the lower end where the guide gives a range. */
const distributorRate = 10e6;
const liveStoreRate = 6e6;
const querierRate = 1.5e6;
/** Rate limits leave room for a burst of three times the mean. */
const burst = 3;
/** A trace stays open for half a minute at most before its spans are cut into a block. */
const openSeconds = 30;
/** Blocks are compressed columns: about a third of the wire's size is assumed, the documents give no figure. */
const storedShare = 1 / 3;
/** Blocks are cut at least this often, and compaction reads and writes each about three times. */
const blockSeconds = 300;
const compactions = 3;

/** Computes {@link TempoSizing}. @param onDisk blocks stay on the pod's own disk */
export function sizeTempo(kept: KeptSpans, mode: TempoMode, onDisk: boolean): TempoSizing {
  const rate = kept.spansPerSecond * bytesPerSpan;
  const partitions = Math.max(1, Math.ceil(rate / liveStoreRate));
  const common: Common = {
    rateLimitBytes: Math.max(15_000_000, Math.ceil(rate * burst)),
    maxLiveTraces: Math.max(10_000, Math.ceil((kept.spansPerSecond / kept.spansPerTrace) * openSeconds * burst)),
    objectStorage: tempoObjectStorage(kept, mode === "scalable" ? partitions : 1),
  };
  return mode === "monolithic"
    ? { ...common, mode, tempo: sizeMonolith(rate, onDisk ? common.objectStorage.bytes : 0) }
    : { ...common, mode, partitions, services: sizeServices(rate, partitions) };
}

function tempoObjectStorage(kept: KeptSpans, writers: number): ObjectStorageUse {
  const stored = kept.spansPerSecond * bytesPerSpan * storedShare;
  const blocksPerSecond = writers / blockSeconds;
  // A block is four objects: data, bloom filter, index and meta.
  const puts = blocksPerSecond * 4 * (1 + compactions);
  return {
    bytes: Math.ceil(stored * kept.retentionSeconds),
    putsPerMonth: Math.ceil(puts * secondsPerMonth),
    getsPerMonth: Math.ceil(puts * 2 * secondsPerMonth),
    reasons: {
      bytes: `${formatCount(kept.spansPerSecond)} kept spans/s of ${Math.round(bytesPerSpan)} B, a third of that in blocks (assumed), for ${Math.round(kept.retentionSeconds / 86_400)} d`,
      putsPerMonth: `a block of four objects every ${blockSeconds} s from each of ${writers}, compacted ${compactions} times`,
      getsPerMonth: "compaction reads what it merges, queries about as much",
    },
  };
}

/** All services in one: their figures added up for this rate, and what an idle process takes. */
function sizeMonolith(rate: number, blocksOnDisk: number): WorkloadSize {
  const megabytes = rate / 1e6;
  return sized(
    {
      replicas: 1,
      cpuCores: 0.05 + megabytes * 0.45,
      memoryBytes: 256 * MiB + megabytes * 0.75 * GiB,
      diskBytes: 5 * GiB + rate * 3600 + blocksOnDisk / 0.8,
    },
    {
      replicas: "a single instance: its backend scheduler may exist once",
      cpuCores: `${megabytes.toFixed(2)} MB/s at 0.45 cores: distributor 0.2, live store 0.17, worker and queriers the rest`,
      memoryBytes: `256 MiB idle, ${megabytes.toFixed(2)} MB/s at 0.75 GiB: the live store's 4 GiB for 6 MB/s, and compaction`,
      diskBytes: `5 GiB, an hour of spans in the write-ahead log${blocksOnDisk ? `, and ${formatBytes(blocksOnDisk)} of blocks on this disk, filled to 80 %` : ""}`,
    },
  );
}

/** Tempo's "size the cluster": one pod a rate. */
function sizeServices(rate: number, partitions: number): Record<TempoService, WorkloadSize> {
  const per = (unit: number, floor: number) => Math.max(floor, Math.ceil(rate / unit));
  const of = (replicas: number, why: string, cpuCores: number, memoryGiB: number, diskBytes?: number) =>
    sized(
      { replicas, cpuCores, memoryBytes: memoryGiB * GiB, ...(diskBytes && { diskBytes }) },
      {
        replicas: why,
        cpuCores: "Tempo's sizing guide",
        memoryBytes: "Tempo's sizing guide",
        ...(diskBytes && { diskBytes: "an hour of a full partition, and 5 GiB" }),
      },
    );
  const hour = 5 * GiB + Math.min(rate, liveStoreRate) * 3600;
  return {
    distributor: of(per(distributorRate, 2), "one for 10 MB/s, at least two", 2, 2),
    "live-store": of(partitions, "one a partition of 6 MB/s, in each of two zones", 1, 8, hour),
    "block-builder": of(partitions, "one a partition", 0.5, 5, hour),
    querier: of(per(querierRate, 2), "one for 1.5 MB/s, at least two", 1, 4),
    "query-frontend": of(2, "two: one may go", 0.5, 4),
    "backend-scheduler": of(1, "may exist once", 0.5, 1, 5 * GiB),
    "backend-worker": of(
      per(2 * distributorRate, 2),
      "one for 20 MB/s, at least two: the guide leaves it open",
      0.5,
      2,
    ),
    "metrics-generator": of(per(distributorRate, 2), "one for 10 MB/s, at least two", 1, 2, 5 * GiB),
  };
}
