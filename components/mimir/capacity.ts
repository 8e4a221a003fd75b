import { GiB, MiB, quantityBytes, type Retention, type Workload } from "../../lib/sizing/index.ts";
import type { PodSize, Shape } from "./fleet.ts";
import { tableInterval } from "./load.ts";

/**
 * The table of Mimir's "Planning capacity" as shapes of pods. Its figures are minimums for CPU, memory and disk, in
 * decimal gigabytes; it asks for half as much memory and disk again, to take peaks.
 */
export const headroom = 1.5;
export const margin = "50 % above the table";

/** Gigabytes of the table, with headroom, as a quantity that manifests carry. */
const gigabytes = (count: number): number => quantityBytes(count * 1e9 * headroom);

/** A part: how much one full replica takes on (`unit`), in what, and the row of the table. */
interface PartShape extends Shape {
  readonly unit: number;
  /** Series, where a part takes on two kinds of load. */
  readonly series?: number;
  readonly table: string;
}

/** The least that a stateless part asks for: 86 to 112 MiB resident were measured of idle ones. */
const small: PodSize = { cpuCores: 0.1, memoryBytes: 192 * MiB };

/** A query or a rule costs the same: a core and a gigabyte for ten a second. Two cores make a pod. */
const evaluating = {
  unit: 20,
  full: { cpuCores: 2, memoryBytes: gigabytes(2) },
  least: { cpuCores: 0.5, memoryBytes: 1.5 * GiB },
  table: "1 core and 1 GB for 10 queries/s at 100 ms",
} as const;

/** The parts and what a full pod of each carries. Pod sizes follow the chart's presets for 1 M and 10 M series. */
export const parts = {
  /** Samples a second. */
  distributor: {
    unit: 50_000,
    full: { cpuCores: 2, memoryBytes: gigabytes(2) },
    least: { cpuCores: 0.25, memoryBytes: 512 * MiB },
    table: "1 core and 1 GB for 25 k samples/s",
  },
  /** Series in memory. A million a pod: the mixin warns at 1.5 M. */
  ingester: {
    unit: 1_000_000,
    full: { cpuCores: 3.34, memoryBytes: gigabytes(2.5 / 0.3), diskBytes: gigabytes(5 / 0.3) },
    least: { cpuCores: 0.5, memoryBytes: 2 * GiB, diskBytes: 10 * GiB },
    table: "1 core, 2.5 GB and 5 GB of disk for 300 k series in memory",
  },
  /** Queries a second. */
  querier: evaluating,
  /** Rules a second. */
  ruler: evaluating,
  /** Queries a second. */
  queryFrontend: {
    unit: 250,
    full: { cpuCores: 1, memoryBytes: gigabytes(1) },
    least: { cpuCores: 0.25, memoryBytes: 768 * MiB },
    table: "1 core and 1 GB for 250 queries/s",
  },
  /** Queries a second. */
  queryScheduler: {
    unit: 500,
    full: { cpuCores: 1, memoryBytes: gigabytes(0.25) },
    least: small,
    table: "1 core and 100 MB for 500 queries/s",
  },
  /**
   * Queries a second, and series: the presets give about 3.6 GiB a million, for index headers and their page cache,
   * which is more than the table's 1 GB for 10 queries/s. Its disk depends on the retention.
   */
  storeGateway: {
    unit: 20,
    series: 1_666_667,
    full: { cpuCores: 2, memoryBytes: 6 * GiB },
    least: { cpuCores: 0.5, memoryBytes: 1.5 * GiB, diskBytes: 10 * GiB },
    table:
      "1 core for 10 queries/s; 3.6 GiB for 1 M series as the presets; 13 GB of disk for 1 M series, a year and 15 s",
  },
  /** Series. */
  compactor: {
    unit: 20_000_000,
    full: { cpuCores: 1, memoryBytes: gigabytes(4), diskBytes: gigabytes(300) },
    least: { cpuCores: 0.5, memoryBytes: 2 * GiB, diskBytes: 20 * GiB },
    table: "1 core, 4 GB and 300 GB of disk for 20 M series",
  },
  /** Tells limits, whatever their number. */
  overridesExporter: {
    unit: 1,
    full: { ...small, cpuCores: 0.05 },
    least: { ...small, cpuCores: 0.05 },
    table: "no load",
  },
} as const satisfies Record<string, PartShape>;

const secondsPerYear = 31_536_000;

/** Disk of a full store-gateway: 13 GB for a million series, a year and a 15 s interval, all copies together. */
export function storeGatewayDisk(workload: Workload, retention: Retention): number {
  const years = retention.mimir / secondsPerYear;
  const pace = tableInterval / workload.scrapeIntervalSeconds;
  return gigabytes((13 * parts.storeGateway.series * years * pace) / 1e6);
}

/** What memcached itself needs beside its items: the chart reserves a fifth. */
export const cacheOverhead = 1.2;

const cache = (fullBytes: number, leastBytes: number): Shape => ({
  full: { cpuCores: 0.5, memoryBytes: quantityBytes(fullBytes * cacheOverhead) },
  least: { cpuCores: 0.1, memoryBytes: leastBytes * cacheOverhead },
});

/** The caches: items as large as those of Mimir's jsonnet, for as many series or queries as a full pod serves. */
export const cacheShapes = {
  /** Series. */
  chunks: { unit: 5_000_000, ...cache(6 * GiB, 1 * GiB), table: "6 GiB of chunks for 5 M series" },
  /** Series. */
  metadata: { unit: 20_000_000, ...cache(512 * MiB, 128 * MiB), table: "512 MiB of block metadata for 20 M series" },
  /** Queries a second. */
  results: { unit: 50, ...cache(1 * GiB, 256 * MiB), table: "1 GiB of results for 50 queries/s" },
} as const satisfies Record<string, PartShape>;
