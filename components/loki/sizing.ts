import {
  type Availability,
  formatBytes,
  GiB,
  KiB,
  MiB,
  type ObjectStorageUse,
  type Resources,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";
import { chunkBytes, compressionRatio, indexShare, lokiBucketUsage, maxChunkAgeSeconds } from "./bucket-usage.ts";
import { embeddedCacheBytes, sizeCaches } from "./cache-sizes.ts";
import {
  type LokiCache,
  type LokiLoad,
  type LokiService,
  type LokiWorkload,
  monolithicBytesPerDay,
  sizingTable,
  type TableService,
  TB,
  tableEntry,
  zoneAwareBytesPerDay,
} from "./capacity.ts";
import { type LokiLimits, logStreams, lokiLimits } from "./limits.ts";

/** What both modes have. */
export interface LokiSizingBase {
  /** Copies of each log line before it reaches object storage. */
  readonly replicationFactor: 1 | 3;
  readonly limits: LokiLimits;
  /** What the bucket holds and how often it is accessed. */
  readonly objectStorage: ObjectStorageUse;
}

/** Replicas and resources of every workload, with the reason for each number. */
export type LokiSizing = LokiSizingBase &
  (
    | { readonly mode: "monolithic"; readonly loki: WorkloadSize }
    | {
        readonly mode: "microservices";
        /** Whether ingesters are spread over three zones. */
        readonly zoneAware: boolean;
        /** Replicas are totals over all zones. */
        readonly services: Readonly<Record<LokiService, WorkloadSize>>;
        readonly caches: Readonly<Record<LokiCache, WorkloadSize>>;
      }
  );

const copies = 3;

/**
 * WAL disk per byte/s: about 15 GB at 5 MB/s with checkpoints every five minutes, at 80 % usage.
 * @see https://grafana.com/docs/loki/v3.7.x/operations/storage/wal/#disk-space-requirements
 */
const walBytesPerByteSecond = 15e9 / 5e6 / 0.8;
/** Disk for index files that are built or cached, plus a reserve. An estimate; no published figure exists. */
const spareDisk = 5 * GiB;
/** Resident memory of an idle process: 109 to 149 MiB (measured, Loki 3.7). */
export const idleBytes = 150 * MiB;
/** Memory of one part of a query that a querier runs: its chunks and lines. An estimate; no published figure exists. */
const queryBytes = 64 * MiB;
/** Parts of queries that one process runs at the same time (`querier.max_concurrent`): Loki's default, half of it in a single pod. */
export const queryConcurrency = (availability: Availability): number => (availability === "single" ? 2 : 4);
/** Cache of index queries that every ingester has, with a fixed size (`pkg/loki/modules.go`, Loki 3.7). */
const ingesterIndexCache = 200 * MiB;
/**
 * Memory that no service needs less of, however few logs there are: what it holds follows from the concurrency and the limits
 * of queries. The sizing guide's figures per pod, except for the compactor and the index-gateway, which hold the index of a
 * day and of queried days (estimates; no published figure exists).
 */
const leastMemory: Readonly<Record<TableService, number>> = {
  distributor: 256 * MiB,
  ingester: idleBytes + ingesterIndexCache + 4 * queryBytes,
  "index-gateway": 512 * MiB,
  querier: GiB,
  "query-frontend": 2 * GiB,
  "query-scheduler": 256 * MiB,
  compactor: 2 * GiB,
};
/** Fraction of streams with an open chunk; the rest was flushed after `chunk_idle_period` of 30 minutes. An estimate. */
const activeShare = 0.3;
/** A chunk's uncompressed head block and its labels. An estimate. */
const bytesPerHead = 64 * KiB;
/** CPU of an idle process, with its rings and index timers (measured, Loki 3.7). */
const idleCores = 0.03;

/** Minimum replicas, so that losing one is tolerated. Ingesters hold one copy each; only one compactor is ever active. */
const floors: Readonly<Record<LokiService, number>> = {
  distributor: 2,
  ingester: copies,
  "index-gateway": 2,
  querier: 2,
  "query-frontend": 2,
  "query-scheduler": 2,
  compactor: 1,
  ruler: 2,
};

/** Computes {@link LokiSizing}. */
export function sizeLoki(load: LokiLoad): LokiSizing {
  const { workload, availability, retention } = load;
  const common: LokiSizingBase = {
    replicationFactor: availability === "single" ? 1 : copies,
    limits: lokiLimits(workload),
    objectStorage: lokiBucketUsage(workload, retention.loki),
  };
  const mode = load.mode ?? (workload.logBytesPerDay <= monolithicBytesPerDay ? "monolithic" : "microservices");
  const override = (name: LokiWorkload, size: WorkloadSize) => withOverride(size, load.overrides?.[name]);
  if (mode === "monolithic") {
    return { ...common, mode, loki: override("loki", sizeMonolith(load, common.objectStorage)) };
  }
  const zoneAware = availability === "redundant" && workload.logBytesPerDay >= zoneAwareBytesPerDay;
  const computed = Object.entries(sizeServices(load, zoneAware)) as [LokiService, WorkloadSize][];
  const services = Object.fromEntries(computed.map(([name, size]) => [name, override(name, size)]));
  const caches = Object.entries(sizeCaches(workload, availability)) as [LokiCache, WorkloadSize][];
  return {
    ...common,
    mode,
    zoneAware,
    services: services as Record<LokiService, WorkloadSize>,
    caches: Object.fromEntries(caches.map(([name, size]) => [name, override(name, size)])) as Record<
      LokiCache,
      WorkloadSize
    >,
  };
}

/** Memory of the open chunks in an ingester with this many streams. */
function chunkMemory(workload: Workload, streams: number): number {
  const ratePerStream = workload.logBytesPerDay / 86_400 / Math.max(1, logStreams(workload));
  const filled = Math.min(chunkBytes, (ratePerStream * maxChunkAgeSeconds) / compressionRatio) / 2;
  return streams * activeShare * (filled + bytesPerHead);
}

function sizeMonolith({ workload, availability, filesystem }: LokiLoad, stored: ObjectStorageUse): WorkloadSize {
  const bytesPerSecond = workload.logBytesPerDay / 86_400;
  const streams = logStreams(workload);
  const coresPerTB = coresOfFirstRow() / 3;
  const terabytes = workload.logBytesPerDay / TB;
  const chunks = filesystem ? stored.bytes / 0.8 : 0;
  const parts = queryConcurrency(availability);
  return sized(
    {
      replicas: availability === "single" ? 1 : copies,
      cpuCores: idleCores + coresPerTB * terabytes,
      memoryBytes: idleBytes + embeddedCacheBytes + parts * queryBytes + chunkMemory(workload, streams),
      diskBytes: spareDisk + bytesPerSecond * walBytesPerByteSecond + chunks,
    },
    {
      replicas: availability === "single" ? "availability: single" : "one per copy: losing one is tolerated",
      cpuCores: `${idleCores} idle, and ${coresPerTB.toFixed(1)} cores per TB/day, the sum over all services of the sizing guide`,
      memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(embeddedCacheBytes)} of caches, ${parts} parts of queries of ${formatBytes(queryBytes)} (estimate), the open chunks of ${streams} streams`,
      diskBytes: `${formatBytes(spareDisk)} index (estimate), WAL of ${formatBytes(bytesPerSecond)}/s at 3 GB per MB/s${filesystem ? `, and ${formatBytes(stored.bytes)} of chunks on this volume at 80 % usage` : ""}`,
    },
  );
}

/** CPU of all services in the first row of the guide. */
function coresOfFirstRow(): number {
  const row = sizingTable[0] as (typeof sizingTable)[number];
  return Object.values(row.entries).reduce((sum, { replicas, cpuCores }) => sum + replicas * cpuCores, 0);
}

function sizeServices(load: LokiLoad, zoneAware: boolean): Record<LokiService, WorkloadSize> {
  const fromTable = (service: TableService) => sizeFromTable(service, load);
  return {
    distributor: fromTable("distributor"),
    ingester: sizeIngester(load, zoneAware),
    "index-gateway": withDisk(fromTable("index-gateway"), load),
    querier: fromTable("querier"),
    "query-frontend": fromTable("query-frontend"),
    "query-scheduler": fromTable("query-scheduler"),
    compactor: withDisk({ ...fromTable("compactor"), replicas: 1 }, load),
    ruler: sizeRuler(load),
  };
}

/**
 * Size of a service from the table. If the minimum number of replicas is more than the load needs, each is made smaller
 * instead, so that totals grow with the volume without jumps.
 */
function sizeFromTable(service: TableService, { workload, availability }: LokiLoad): WorkloadSize {
  const entry = tableEntry(service, workload.logBytesPerDay);
  const floor = availability === "single" ? 1 : floors[service];
  const share = Math.min(1, entry.replicas / floor);
  const base = `sizing guide at ${(workload.logBytesPerDay / TB).toFixed(2)} TB/day`;
  return sized(
    {
      replicas: Math.max(floor, Math.ceil(entry.replicas)),
      cpuCores: Math.max(idleCores * 2, entry.cpuCores * share),
      memoryBytes: Math.max(leastMemory[service], entry.memoryBytes * share),
    },
    {
      replicas: `${base}: ${entry.replicas.toFixed(2)}, at least ${floor}`,
      cpuCores: `${base}: ${entry.cpuCores.toFixed(2)} per pod${share < 1 ? `, of which ${(share * 100).toFixed(0)} % are needed` : ""}`,
      memoryBytes: `${base}: ${formatBytes(entry.memoryBytes)} per pod${share < 1 ? `, of which ${(share * 100).toFixed(0)} % are needed` : ""}; at least ${formatBytes(leastMemory[service])}, for queries and caches (estimate)`,
    },
  );
}

function sizeIngester(load: LokiLoad, zoneAware: boolean): WorkloadSize {
  const { workload, availability } = load;
  const factor = availability === "single" ? 1 : copies;
  const base = sizeFromTable("ingester", load);
  const zones = zoneAware ? copies : 1;
  const replicas = Math.ceil(base.replicas / zones) * zones;
  const firstRow = sizingTable[0] as (typeof sizingTable)[number];
  // The rate per pod is highest just before the table starts adding pods faster than the volume grows.
  const busiest = Math.min(workload.logBytesPerDay, firstRow.bytesPerDay);
  const podsThen = Math.max(factor, (firstRow.entries.ingester.replicas * busiest) / firstRow.bytesPerDay);
  const bytesPerSecond = ((busiest / 86_400) * factor) / podsThen;
  const streams = (logStreams(workload) * factor) / replicas;
  const memoryBytes = Math.max(base.memoryBytes, leastMemory.ingester + chunkMemory(workload, streams));
  return sized(
    { ...base, replicas, memoryBytes, diskBytes: spareDisk + bytesPerSecond * walBytesPerByteSecond },
    {
      ...base.reasons,
      replicas: `${base.reasons.replicas}${zoneAware ? `, a multiple of ${zones} zones` : ""}`,
      memoryBytes: `${base.reasons.memoryBytes}; at least the open chunks of ${Math.ceil(streams)} streams`,
      diskBytes: `${formatBytes(spareDisk)} index (estimate), WAL of at most ${formatBytes(bytesPerSecond)}/s at 3 GB per MB/s`,
    },
  );
}

/** Adds a volume for a week of index files: those that queries touch most, or that are being compacted. An estimate. */
function withDisk(base: WorkloadSize, { workload }: LokiLoad): WorkloadSize {
  const week = 7 * (workload.logBytesPerDay / compressionRatio) * indexShare;
  const reason = `${formatBytes(spareDisk)} and a week of index, ${indexShare * 100} % of the chunks (estimate)`;
  return sized({ ...(base as Resources), diskBytes: spareDisk + week }, { ...base.reasons, diskBytes: reason });
}

/** Rulers evaluate queries; log rules are few, so each is sized like one querier. */
function sizeRuler(load: LokiLoad): WorkloadSize {
  const { cpuCores, memoryBytes } = sizeFromTable("querier", load);
  const replicas = load.availability === "single" ? 1 : floors.ruler;
  return sized(
    { replicas, cpuCores, memoryBytes },
    {
      replicas: "rule groups are sharded; losing one is tolerated",
      cpuCores: "like a querier",
      memoryBytes: "like a querier",
    },
  );
}
