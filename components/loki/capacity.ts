import { GiB } from "../../lib/sizing/index.ts";

/** The services of distributed Loki that the sizing guide has figures for. */
export const tableServices = [
  "distributor",
  "ingester",
  "index-gateway",
  "querier",
  "query-frontend",
  "query-scheduler",
  "compactor",
] as const;
export type TableService = (typeof tableServices)[number];

/** What one service needs at one rate of logs. `replicas` may be fractional between rows. */
export interface TableEntry {
  readonly replicas: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
}

const of = (replicas: number, cpuCores: number, memoryGiB: number): TableEntry => ({
  replicas,
  cpuCores,
  memoryBytes: memoryGiB * GiB,
});

/** One terabyte, as the guide counts. */
export const TB = 1e12;

/**
 * Grafana's sizing guide for distributed Loki: base requests per class of cluster, by log bytes a day.
 *
 * The classes are ranges ("< 3 TB", "3-30 TB", "~30 TB"). A row is taken to hold at the upper end of the first, the
 * middle of the second and the third itself: so placed, the three lie on nearly straight lines (ingesters 6, 90, 150),
 * and a straight line between rows is monotonic wherever the rows are. Where a row is blank it repeats the one before.
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
 * A service's entry at a rate: on the straight line between the rows around it. Below the first row and above the last
 * one, replicas go in proportion to the rate and the size of a pod stays.
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
