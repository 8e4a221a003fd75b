import type { Availability, Retention, SizeOverrides, Workload } from "../../lib/sizing/index.ts";
import { GiB, TiB } from "../../lib/sizing/index.ts";

/** `monolithic`: all components in one process. `microservices`: one workload per component. */
export type LokiMode = "monolithic" | "microservices";

/** Components that run as workloads of their own in microservices mode. */
export type LokiService = (typeof lokiServices)[number];
export const lokiServices = [
  "distributor",
  "ingester",
  "index-gateway",
  "querier",
  "query-frontend",
  "query-scheduler",
  "compactor",
  "ruler",
] as const;

/** Components that the sizing guide has figures for. */
export type TableService = Exclude<LokiService, "ruler">;

/** Memcached workloads. */
export type LokiCache = "chunks-cache" | "results-cache";

/** Workloads whose size can be overridden: `loki` is the monolithic process. */
export type LokiWorkload = "loki" | LokiService | LokiCache;

/** The load that {@link sizeLoki} sizes for. */
export interface LokiLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Whether chunks are on the pod's volume instead of in an object store. @default false */
  readonly filesystem?: boolean;
  /** @default "monolithic" up to 20 GB of logs per day, otherwise "microservices" */
  readonly mode?: LokiMode;
  /** @default none */
  readonly overrides?: SizeOverrides<LokiWorkload>;
}

/**
 * Log volume per day up to which a single process is advised.
 * @see https://grafana.com/docs/loki/v3.7.x/get-started/deployment-modes/#monolithic-mode
 */
export const monolithicBytesPerDay = 20e9;

/** Log volume per day from which ingesters are spread over three zones: the `large` scale. A choice; no published figure exists. */
export const zoneAwareBytesPerDay = 2 * TiB;

/** Resources of one service at one log volume. `replicas` may be fractional between rows. */
interface TableEntry {
  readonly replicas: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
}

const of = (replicas: number, cpuCores: number, memoryGiB: number): TableEntry => ({
  replicas,
  cpuCores,
  memoryBytes: memoryGiB * GiB,
});

/** One terabyte in bytes, as the guide counts. */
export const TB = 1e12;

/**
 * Grafana's sizing guide for Loki in microservices mode (base requests), by log bytes per day, compared with Loki 3.7.8:
 * https://grafana.com/docs/loki/v3.7.x/setup/size/
 *
 * The guide's tiers are ranges ("< 3 TB", "3-30 TB", "~30 TB"). A row is taken to apply at the upper end of the first, the
 * middle of the second and at the third itself: the rows then lie on nearly straight lines (6, 90, 150 ingesters), and
 * linear interpolation is monotonic wherever the rows are. A blank cell repeats the row before.
 */
export const sizingTable: readonly {
  readonly bytesPerDay: number;
  readonly entries: Record<TableService, TableEntry>;
}[] = [
  {
    bytesPerDay: 3 * TB,
    entries: {
      distributor: of(4, 2, 0.5),
      ingester: of(6, 2, 4),
      "index-gateway": of(4, 0.5, 2),
      querier: of(10, 1, 1),
      "query-frontend": of(2, 1, 2),
      "query-scheduler": of(2, 1, 0.5),
      compactor: of(1, 2, 10),
    },
  },
  {
    bytesPerDay: 16.5 * TB,
    entries: {
      distributor: of(40, 2, 1),
      ingester: of(90, 2, 6),
      "index-gateway": of(10, 0.5, 4),
      querier: of(100, 1.5, 2),
      "query-frontend": of(8, 1, 2),
      "query-scheduler": of(2, 1, 0.5),
      compactor: of(1, 6, 20),
    },
  },
  {
    bytesPerDay: 30 * TB,
    entries: {
      distributor: of(100, 2, 1),
      ingester: of(150, 4, 8),
      "index-gateway": of(20, 1, 4),
      querier: of(250, 1.5, 3),
      "query-frontend": of(16, 1, 4),
      "query-scheduler": of(2, 2, 0.5),
      compactor: of(1, 6, 40),
    },
  },
];

/**
 * Resources of a service at a log volume, interpolated linearly between rows. Below the first row and above the last,
 * replicas are proportional to the volume and the size of a pod is constant.
 */
export function tableEntry(service: TableService, bytesPerDay: number): TableEntry {
  const first = sizingTable[0] as (typeof sizingTable)[number];
  const last = sizingTable.at(-1) as (typeof sizingTable)[number];
  const scaled = (row: typeof first) => {
    const entry = row.entries[service];
    return { ...entry, replicas: entry.replicas * (bytesPerDay / row.bytesPerDay) };
  };
  if (bytesPerDay <= first.bytesPerDay) return scaled(first);
  if (bytesPerDay >= last.bytesPerDay) return service === "compactor" ? last.entries[service] : scaled(last);
  const above = sizingTable.findIndex((row) => row.bytesPerDay >= bytesPerDay);
  const [from, to] = [sizingTable[above - 1], sizingTable[above]] as [typeof first, typeof first];
  const share = (bytesPerDay - from.bytesPerDay) / (to.bytesPerDay - from.bytesPerDay);
  const between = (pick: (entry: TableEntry) => number) => {
    const [low, high] = [pick(from.entries[service]), pick(to.entries[service])];
    return low + (high - low) * share;
  };
  return {
    replicas: between((entry) => entry.replicas),
    cpuCores: between((entry) => entry.cpuCores),
    memoryBytes: between((entry) => entry.memoryBytes),
  };
}
