import { formatCount, GiB, MiB, type Reasons, sized, type WorkloadSize } from "../../lib/sizing/index.ts";
import { blockBytes } from "./bucket-usage.ts";
import { cacheShapes, headroom, margin, parts, storeGatewayDisk } from "./capacity.ts";
import { fleet, type PodSize } from "./fleet.ts";
import { type Demand, demandOf, type MimirLoad } from "./load.ts";

/** Memory of a process that does nothing: 122 to 192 MiB were measured of a monolithic one. */
const idleBytes = 192 * MiB;
/** No monolithic pod asks for less: an idle one uses 0.02 to 0.05 cores. */
const leastCores = 0.05;
/** Write-ahead log and blocks of a process that does nothing. */
const leastDisk = 2 * GiB;

interface Common {
  /** Copies of every series and block. */
  readonly replicationFactor: 1 | 3;
  readonly reasons: Demand["reasons"];
}

/** Every part in one process. */
export interface MonolithicSizing extends Common {
  readonly mode: "monolithic";
  readonly mimir: WorkloadSize;
}

/** Every part by itself; `replicas` are those of all zones together. */
export interface MicroservicesSizing extends Common {
  readonly mode: "microservices";
  /** Whether ingesters and store-gateways stand in three zones. */
  readonly zoneAware: boolean;
  readonly distributor: WorkloadSize;
  readonly ingester: WorkloadSize;
  readonly querier: WorkloadSize;
  readonly queryFrontend: WorkloadSize;
  readonly queryScheduler: WorkloadSize;
  readonly storeGateway: WorkloadSize;
  readonly compactor: WorkloadSize;
  /** Absent where no rule is Mimir's. */
  readonly ruler?: WorkloadSize;
  readonly overridesExporter: WorkloadSize;
  /** Absent where one of everything is asked for. */
  readonly caches?: CacheSizing;
}

export interface CacheSizing {
  readonly chunks: WorkloadSize;
  readonly metadata: WorkloadSize;
  readonly results: WorkloadSize;
}

export type MimirSizing = MonolithicSizing | MicroservicesSizing;

/** Computes {@link MimirSizing} from the workload, by the table of Mimir's "Planning capacity". */
export function sizeMimir(load: MimirLoad): MimirSizing {
  const demand = demandOf(load);
  const { replicationFactor, reasons } = demand;
  return demand.mode === "monolithic"
    ? { mode: "monolithic", replicationFactor, reasons, mimir: monolithic(demand, load) }
    : { replicationFactor, reasons, ...microservices(demand, load) };
}

/** The sum of the parts' needs in one process, as the table says. */
function monolithic(demand: Demand, load: MimirLoad): WorkloadSize {
  const { workload, retention, filesystem = false } = load;
  const { samples, inMemorySeries, series, queries, ruleQueries, replicationFactor: replicas } = demand;
  const headers = { cpuCores: 0, memoryBytes: 0, diskBytes: storeGatewayDisk(workload, retention) };
  const needs: readonly (readonly [units: number, full: PodSize])[] = [
    [samples / parts.distributor.unit, parts.distributor.full],
    [inMemorySeries / parts.ingester.unit, parts.ingester.full],
    [queries / parts.queryFrontend.unit, parts.queryFrontend.full],
    [queries / parts.queryScheduler.unit, parts.queryScheduler.full],
    [(queries + ruleQueries) / parts.querier.unit, parts.querier.full],
    [queries / parts.storeGateway.unit, parts.storeGateway.full],
    [series / parts.storeGateway.series, headers],
    [series / parts.compactor.unit, parts.compactor.full],
  ];
  const blocks = filesystem ? blockBytes(load) * headroom : 0;
  const share = (pick: (full: PodSize) => number) =>
    needs.reduce((sum, [units, full]) => sum + units * pick(full), 0) / replicas;
  return sized(
    {
      replicas,
      cpuCores: Math.max(
        leastCores,
        share(({ cpuCores }) => cpuCores),
      ),
      memoryBytes: idleBytes + share(({ memoryBytes }) => memoryBytes),
      diskBytes: leastDisk + blocks + share(({ diskBytes }) => diskBytes ?? 0),
    },
    {
      replicas: replicas === 3 ? "one for each copy of the data" : "one of everything was asked for",
      cpuCores: `the sum of all parts for ${formatCount(samples)} samples/s, ${formatCount(inMemorySeries)} series in memory, ${queries.toFixed(1)} weighted queries/s`,
      memoryBytes: `${idleBytes / MiB} MiB idle and the sum of all parts, ${margin}`,
      diskBytes: `${leastDisk / GiB} GiB, 13 h in the ingester, index headers of ${Math.round(retention.mimir / 86_400)} d and room to compact${filesystem ? ", all blocks" : ""}, ${margin}`,
    },
  );
}

function microservices(demand: Demand, load: MimirLoad): Omit<MicroservicesSizing, keyof Common> {
  const { samples, inMemorySeries, queries, ruleQueries, series, reasons } = demand;
  const redundant = load.availability === "redundant";
  const pair = { floor: redundant ? 2 : 1 };
  const zones = { floor: demand.replicationFactor, multiple: demand.replicationFactor };
  const storeGateway = {
    ...parts.storeGateway,
    full: { ...parts.storeGateway.full, diskBytes: storeGatewayDisk(load.workload, load.retention) },
  };
  return {
    mode: "microservices",
    zoneAware: redundant,
    distributor: partFleet("distributor", samples, pair, reasons.samples),
    ingester: partFleet("ingester", inMemorySeries, zones, reasons.inMemorySeries),
    querier: partFleet("querier", queries, pair, reasons.queries),
    queryFrontend: partFleet("queryFrontend", queries, pair, reasons.queries),
    queryScheduler: partFleet("queryScheduler", queries, pair, reasons.queries),
    storeGateway: fleet(
      Math.max(queries / storeGateway.unit, series / storeGateway.series),
      storeGateway,
      zones,
      because(`${reasons.queries}; ${formatCount(series)} series`, storeGateway.table),
    ),
    compactor: partFleet("compactor", series, { floor: 1 }, `${formatCount(series)} series`),
    ...(ruleQueries > 0 && { ruler: partFleet("ruler", ruleQueries, pair, reasons.ruleQueries) }),
    overridesExporter: partFleet("overridesExporter", 0, { floor: 1 }, "one tells everybody's limits"),
    ...(redundant && { caches: sizeCaches(demand, load.workload.queriesPerSecond) }),
  };
}

function partFleet(
  part: keyof typeof parts,
  load: number,
  options: { readonly floor: number; readonly multiple?: number },
  why: string | undefined,
): WorkloadSize {
  const shape = parts[part];
  return fleet(load / shape.unit, shape, options, because(why ?? "", shape.table));
}

function because(load: string, table: string): Reasons<PodSize & { replicas: number }> {
  return {
    replicas: `${load}; ${table}`,
    cpuCores: table,
    memoryBytes: `${table}, ${margin}`,
    diskBytes: `${table}, ${margin}`,
  };
}

function sizeCaches({ series }: Demand, queriesPerSecond: number): CacheSizing {
  const cache = (name: keyof CacheSizing, load: number) => {
    const { unit, table, ...shape } = cacheShapes[name];
    return fleet(
      load / unit,
      shape,
      { floor: 2 },
      {
        replicas: `${table}; two, so that one may go`,
        cpuCores: "half a core a full pod: memcached waits for its network",
        memoryBytes: table,
      },
    );
  };
  return {
    chunks: cache("chunks", series),
    metadata: cache("metadata", series),
    results: cache("results", queriesPerSecond),
  };
}
