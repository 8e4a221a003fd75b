import {
  type Availability,
  formatBytes,
  GiB,
  KiB,
  MiB,
  type ObjectStorageUse,
  type Resources,
  type Retention,
  sized,
  TiB,
  type Workload,
  type WorkloadSize,
} from "../../lib/sizing/index.ts";
import { chunkBytes, compressionRatio, indexShare, lokiObjectStorage, maxChunkAgeSeconds } from "./bucket-usage.ts";
import { sizingTable, type TableService, TB, tableEntry } from "./capacity.ts";
import { type LokiLimits, logStreams, lokiLimits } from "./limits.ts";

/** One process that does everything, or one workload a service. Simple scalable mode is gone from Loki 4. */
export type LokiMode = "monolithic" | "distributed";

/** The services of a distributed Loki. */
export type LokiService = TableService | "ruler";

/** What Loki has to hold. */
export interface LokiLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Whether chunks stay on the pod's own disk. @default false */
  readonly filesystem?: boolean;
  /** @default by the volume of logs */
  readonly mode?: LokiMode;
}

interface Common {
  /** Copies of every log line before it is in object storage. */
  readonly replicationFactor: 1 | 3;
  readonly limits: LokiLimits;
  readonly objectStorage: ObjectStorageUse;
}

/** Loki's pods. */
export type LokiSizing = Common &
  (
    | { readonly mode: "monolithic"; readonly loki: WorkloadSize }
    | {
        readonly mode: "distributed";
        /** Whether there are three workloads of ingesters, one a zone. `services.ingester` is one of them. */
        readonly zoneAware: boolean;
        readonly services: Readonly<Record<LokiService, WorkloadSize>>;
      }
  );

/** Above about 20 GB a day a single process is no longer advised. */
export const monolithicBytesPerDay = 20e9;
/** From here on, the `large` profile, a zone may be lost: ingesters are placed and restarted zone by zone. */
const zoneAwareBytesPerDay = 2 * TiB;
const copies = 3;

/** Disk of a write-ahead log: 15 GB at 5 MB/s were seen with checkpoints every five minutes, filled to 80 %. */
const walBytesPerByteSecond = 15e9 / 5e6 / 0.8;
/** Index files being built or cached, and room to breathe. */
const spareDisk = 5 * GiB;
/** Resident size of an idle process: 109 to 149 MiB measured. */
const idleBytes = 150 * MiB;
/** What one user's query may hold in a process that answers queries too. */
const queryBytes = 128 * MiB;
/** Streams that are being written at one time: the others were flushed after half an hour of silence. */
const activeShare = 0.3;
/** The uncompressed head block of a chunk, and its labels. */
const bytesPerHead = 64 * KiB;
/** CPU of an idle process with its rings and index timers. */
const idleCores = 0.03;

/** Pods of which one may go. Ingesters need as many as there are copies; a second compactor would do nothing. */
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
  const common: Common = {
    replicationFactor: availability === "single" ? 1 : copies,
    limits: lokiLimits(workload),
    objectStorage: lokiObjectStorage(workload, retention.loki),
  };
  const mode = load.mode ?? (workload.logBytesPerDay <= monolithicBytesPerDay ? "monolithic" : "distributed");
  if (mode === "monolithic") return { ...common, mode, loki: sizeMonolith(load, common.objectStorage) };
  const zoneAware = availability === "redundant" && workload.logBytesPerDay >= zoneAwareBytesPerDay;
  return { ...common, mode, zoneAware, services: sizeServices(load, zoneAware) };
}

/** Memory of the chunks that are being filled in one ingester that holds this many streams. */
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
  return sized(
    {
      replicas: availability === "single" ? 1 : copies,
      cpuCores: idleCores + coresPerTB * terabytes,
      memoryBytes: idleBytes + queryBytes + chunkMemory(workload, streams),
      diskBytes: spareDisk + bytesPerSecond * walBytesPerByteSecond + chunks,
    },
    {
      replicas:
        availability === "single" ? "one of everything" : "three copies: one may go, and writes and reads go on",
      cpuCores: `${idleCores} idle, and ${coresPerTB.toFixed(1)} cores a TB/day over all services of the sizing guide`,
      memoryBytes: `${formatBytes(idleBytes)} idle, ${formatBytes(queryBytes)} for a query, the open chunks of ${streams} streams`,
      diskBytes: `${formatBytes(spareDisk)} index, write-ahead log of ${formatBytes(bytesPerSecond)}/s at 3 GB a MB/s${filesystem ? `, and ${formatBytes(stored.bytes)} of chunks on this disk, filled to 80 %` : ""}`,
    },
  );
}

/** CPU of all services in the guide's first row. */
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
 * The table's pods. Where fewer are needed than must be there for one to go, the pods are made smaller instead, so that
 * the whole grows with the volume and never jumps by more than a replica.
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
      memoryBytes: Math.max(idleBytes + queryBytes / 2, entry.memoryBytes * share),
    },
    {
      replicas: `${base}: ${entry.replicas.toFixed(2)}, at least ${floor}`,
      cpuCores: `${base}: ${entry.cpuCores.toFixed(2)} a pod${share < 1 ? `, of which ${(share * 100).toFixed(0)} % are needed` : ""}`,
      memoryBytes: `${base}: ${formatBytes(entry.memoryBytes)} a pod${share < 1 ? `, of which ${(share * 100).toFixed(0)} % are needed` : ""}; ${formatBytes(idleBytes)} idle`,
    },
  );
}

function sizeIngester(load: LokiLoad, zoneAware: boolean): WorkloadSize {
  const { workload, availability } = load;
  const factor = availability === "single" ? 1 : copies;
  const base = sizeFromTable("ingester", load);
  const zones = zoneAware ? copies : 1;
  const replicas = Math.ceil(base.replicas / zones);
  const firstRow = sizingTable[0] as (typeof sizingTable)[number];
  // The rate a pod takes is largest just before the table adds pods faster than the volume grows.
  const busiest = Math.min(workload.logBytesPerDay, firstRow.bytesPerDay);
  const podsThen = Math.max(factor, (firstRow.entries.ingester.replicas * busiest) / firstRow.bytesPerDay);
  const bytesPerSecond = ((busiest / 86_400) * factor) / podsThen;
  const streams = (logStreams(workload) * factor) / (replicas * zones);
  const memoryBytes = Math.max(base.memoryBytes, idleBytes + chunkMemory(workload, streams));
  return sized(
    { ...base, replicas, memoryBytes, diskBytes: spareDisk + bytesPerSecond * walBytesPerByteSecond },
    {
      ...base.reasons,
      replicas: `${base.reasons.replicas}${zoneAware ? `, in each of ${zones} zones a third` : ""}`,
      memoryBytes: `${base.reasons.memoryBytes}; at least the open chunks of ${Math.ceil(streams)} streams`,
      diskBytes: `${formatBytes(spareDisk)} index, write-ahead log of at most ${formatBytes(bytesPerSecond)}/s at 3 GB a MB/s`,
    },
  );
}

/** The days of index that queries touch most, or that are being compacted. */
function withDisk(base: WorkloadSize, { workload }: LokiLoad): WorkloadSize {
  const week = 7 * (workload.logBytesPerDay / compressionRatio) * indexShare;
  const reason = `${formatBytes(spareDisk)} and a week of index, ${indexShare * 100} % of the chunks`;
  return sized({ ...(base as Resources), diskBytes: spareDisk + week }, { ...base.reasons, diskBytes: reason });
}

/** Log rules are few and short: a querier's pod each. */
function sizeRuler(load: LokiLoad): WorkloadSize {
  const { cpuCores, memoryBytes } = sizeFromTable("querier", load);
  const replicas = load.availability === "single" ? 1 : floors.ruler;
  return sized(
    { replicas, cpuCores, memoryBytes },
    { replicas: "rules are shared out; one may go", cpuCores: "as a querier", memoryBytes: "as a querier" },
  );
}
