import {
  formatCount,
  formatDuration,
  GiB,
  MiB,
  type Retention,
  samplesPerSecond,
  seconds,
  sized,
  type Workload,
  type WorkloadSize,
} from "../../../lib/sizing/index.ts";
import { bytesPerStoredSample } from "./scaling.ts";

/** Active series per shard. At 12 KiB each, that is a pod of about 30 GiB, which most nodes can still schedule. */
export const seriesPerShard = 2_500_000;
/**
 * Bytes of memory per active series: the request covers steady state, the limit queries, churn and WAL replay. No
 * official figure exists. 8 to 12 KB cover the head block, its index and Go's garbage collector (GOGC 75).
 */
const bytesPerSeries = { request: 8_192, limit: 12_288 } as const;
/** "Most users report ~25% increased memory usage": https://prometheus.io/docs/practices/remote_write/#resource-usage (2026-11). */
const remoteWriteShare = 0.25;
/**
 * What each further remote-write queue remembers of every series, also of those that it drops, in bytes: its reference in two maps of
 * Go, 16 and 8 bytes at about half their load. Labels are kept of series that are sent.
 * @see https://github.com/prometheus/prometheus/blob/v3.13.2/storage/remote/queue_manager.go (StoreSeries)
 */
const bytesPerQueuedSeries = 64;
/**
 * Memory of one sender of a queue: 10,000 samples of 80 B that wait, and a request of 2,000 series of 500 B with their labels. An
 * estimate from the types of the same file.
 */
const bytesPerSender = 10_000 * 80 + 2_000 * 500;
/** Resident memory of an idle Prometheus: 88 to 95 MiB measured with 3.13, and headroom. */
export const idleBytes = 128 * MiB;
/** Samples per second that one core scrapes, stores, sends and evaluates rules over. An assumption, on the low side. */
const samplesPerCore = 25_000;
/** Local retention when Mimir answers queries: enough to debug a single shard, and to outlast an outage of remote write. */
const shortRetentionSeconds = seconds("24h");
/** The head block and the WAL cover up to 3 h that is not in blocks yet: https://prometheus.io/docs/prometheus/3.13/storage/. */
const headSeconds = seconds("3h");
/**
 * Share of the volume that blocks may fill. "At most 80-85%":
 * https://prometheus.io/docs/prometheus/3.13/storage/#right-sizing-retention-size.
 */
export const usableShare = 0.8;

/** `max_samples_per_send`; 2,000 is the default: https://prometheus.io/docs/prometheus/3.13/configuration/configuration/#remote_write. */
const samplesPerSend = 2_000;
/** Requests that a shard's queue holds. "3-10 times max_samples_per_send": https://prometheus.io/docs/practices/remote_write/#capacity. */
const queuedSends = 5;
/** Samples per second and remote-write shard: requests of 2,000 samples that take 400 ms each, which is slow. */
const samplesPerSender = 5_000;
/** After an outage, samples must be sent faster than they are scraped, or the backlog never shrinks. */
const catchUp = 3;

/** Sizes of the remote-write queue of one Prometheus. */
export interface RemoteWriteQueue {
  /** Samples buffered per shard: `capacity`. */
  readonly capacity: number;
  /** Concurrent senders at start: `min_shards`. */
  readonly minShards: number;
  /** Maximum of concurrent senders: `max_shards`. */
  readonly maxShards: number;
  /** Samples per request: `max_samples_per_send`. */
  readonly maxSamplesPerSend: number;
}

/** Number of shards for a workload. Without a long-term store one Prometheus must see every series. */
export function prometheusShards(workload: Workload, longTerm: boolean): number {
  return longTerm ? Math.max(1, Math.ceil(workload.activeSeries / seriesPerShard)) : 1;
}

/** Seconds for which each Prometheus keeps its blocks. */
export function localRetention(retention: Retention, shards: number): number {
  return shards > 1 ? Math.min(shortRetentionSeconds, retention.prometheus) : retention.prometheus;
}

/** The queues of remote write. */
export interface RemoteWrites {
  /** Whether a long-term store receives every series. */
  readonly longTerm: boolean;
  /** Queues of tenants, each of which sends the series of its namespaces in place of the long-term store's own queue. @default 0 */
  readonly tenants?: number;
  /** Queues to other stores, each of which may send every series again. @default 0 */
  readonly additional?: number;
}

/** Size of one Prometheus pod. `replicas` is the number of all pods: shards x replicas per shard. */
export function sizePrometheus(
  workload: Workload,
  fleet: { readonly shards: number; readonly replicasPerShard: number },
  retentionSeconds: number,
  { longTerm, tenants = 0, additional = 0 }: RemoteWrites,
): WorkloadSize {
  const series = workload.activeSeries / fleet.shards;
  const samples = samplesPerSecond(workload) / fleet.shards;
  const complete = (longTerm ? 1 : 0) + additional;
  const factor = 1 + complete * remoteWriteShare;
  const { minShards, maxShards } = remoteWriteQueue(samples);
  const ofTenants = (senders: number) => tenants * (series * bytesPerQueuedSeries + senders * bytesPerSender);
  const memory = (bytes: number, senders: number) => idleBytes + series * bytes * factor + ofTenants(senders);
  const disk = ((retentionSeconds + headSeconds) * samples * bytesPerStoredSample.high) / usableShare;
  const stores = complete > 1 ? ` to ${complete} stores` : "";
  const written = (senders: number) =>
    (complete > 0 ? `, plus ${complete * 25}% for remote write${stores}` : "") +
    (tenants > 0 ? `, and ${Math.ceil(ofTenants(senders) / MiB)} MiB of the queues of ${tenants} tenants` : "");
  return sized(
    {
      replicas: fleet.shards * fleet.replicasPerShard,
      cpuCores: Math.max(0.05, samples / samplesPerCore),
      memoryBytes: memory(bytesPerSeries.request, minShards),
      memoryLimitBytes: memory(bytesPerSeries.limit, maxShards),
      diskBytes: Math.max(GiB, disk),
    },
    {
      replicas: `${fleet.shards} x ${fleet.replicasPerShard}: shards x replicas`,
      cpuCores: `${formatCount(samples)} samples/s at ${formatCount(samplesPerCore)} per core`,
      memoryBytes: `${formatCount(series)} series x 8 KiB${written(minShards)}`,
      memoryLimitBytes: `${formatCount(series)} series x 12 KiB${written(maxShards)}: queries and WAL replay`,
      diskBytes: `${formatDuration(retentionSeconds)} plus 3h of head x ${formatCount(samples)} samples/s x 2 B, filled to 80%, at least 1 GiB`,
    },
  );
}

/** Queue of one Prometheus that scrapes this many samples per second. */
export function remoteWriteQueue(samples: number): RemoteWriteQueue {
  return {
    maxSamplesPerSend: samplesPerSend,
    capacity: samplesPerSend * queuedSends,
    minShards: Math.max(1, Math.ceil(samples / samplesPerSender)),
    maxShards: Math.max(10, Math.ceil((samples * catchUp) / samplesPerSender)),
  };
}

/** Why the queue has its size. */
export const queueReason = (samples: number): string =>
  `${formatCount(samples)} samples/s per Prometheus: ${samplesPerSender} per sender, and ${catchUp} times that to catch up`;
