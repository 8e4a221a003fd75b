import {
  formatCount,
  GiB,
  MiB,
  type ObjectStorageUse,
  type Reasons,
  type Resources,
  sized,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";
import { blockBytes, mimirBucketUsage } from "./bucket-usage.ts";
import {
  cacheShapes,
  type Demand,
  demandOf,
  headroom,
  type MimirCache,
  type MimirLoad,
  type MimirService,
  type MimirWorkload,
  margin,
  type PodSize,
  remoteRulesFrom,
  type Shape,
  shapes,
  storeGatewayDisk,
} from "./capacity.ts";

/** Memory of an idle monolithic process: 122 to 192 MiB resident (measured, Mimir 3.2). */
export const idleBytes = 192 * MiB;
/** Lower bound for the CPU request of a monolithic pod: an idle one uses 0.02 to 0.05 cores (measured, Mimir 3.2). */
const leastCores = 0.05;
/** WAL and blocks of an idle process. */
const leastDisk = 2 * GiB;

/** What both modes have. */
export interface MimirSizingBase {
  /** Copies of each series and block. */
  readonly replicationFactor: 1 | 3;
  /** What the bucket holds and how often it is accessed. */
  readonly objectStorage: ObjectStorageUse;
  /** Why the mode was chosen, and the load in the units of the capacity table. */
  readonly reasons: Reasons<Record<"mode" | "samples" | "inMemorySeries" | "queries" | "ruleQueries", unknown>>;
}

/** All components in one process. */
export interface MonolithicSizing extends MimirSizingBase {
  readonly mode: "monolithic";
  readonly mimir: WorkloadSize;
}

/** One workload per component; `replicas` are totals over all zones. */
export interface MicroservicesSizing extends MimirSizingBase {
  readonly mode: "microservices";
  /** Whether ingesters and store-gateways are spread over three zones. */
  readonly zoneAware: boolean;
  /** Whether the ruler's queries run in queriers, through the query-frontends, instead of in the ruler. */
  readonly remoteRules: boolean;
  /** `ruler` is absent if Mimir evaluates no rules. */
  readonly services: Readonly<Record<Exclude<MimirService, "ruler">, WorkloadSize>> & { readonly ruler?: WorkloadSize };
  /** Absent with availability `single`. */
  readonly caches?: Readonly<Record<MimirCache, WorkloadSize>>;
}

export type MimirSizing = MonolithicSizing | MicroservicesSizing;

/** Computes replicas and resources of every workload from the load. */
export function sizeMimir(load: MimirLoad): MimirSizing {
  const demand = demandOf(load);
  const { replicationFactor, reasons } = demand;
  const common = { replicationFactor, reasons };
  const override = (name: MimirWorkload, size: WorkloadSize) => withOverride(size, load.overrides?.[name]);
  if (demand.mode === "monolithic") {
    const mimir = override("mimir", sizeMonolith(demand, load));
    const pods = { ingesters: mimir.replicas, storeGateways: mimir.replicas };
    return { mode: "monolithic", ...common, mimir, objectStorage: mimirBucketUsage(load, pods) };
  }
  const remoteRules = demand.ruleQueries > 0 && demand.series >= remoteRulesFrom;
  const services = sizeServices(demand, load, remoteRules, override);
  const pods = { ingesters: services.ingester.replicas, storeGateways: services["store-gateway"].replicas };
  const redundant = load.availability === "redundant";
  return {
    mode: "microservices",
    ...common,
    zoneAware: redundant,
    remoteRules,
    services,
    objectStorage: mimirBucketUsage(load, pods),
    ...(redundant && { caches: sizeCaches(demand, load.workload.queriesPerSecond, override) }),
  };
}

type Override<Name extends string> = (name: Name, size: WorkloadSize) => WorkloadSize;

/** One process needs the sum of what its components need, as the planning page states. */
function sizeMonolith(demand: Demand, load: MimirLoad): WorkloadSize {
  const { workload, retention, filesystem = false } = load;
  const { samples, inMemorySeries, series, queries, ruleQueries, replicationFactor: replicas } = demand;
  const headers = { cpuCores: 0, memoryBytes: 0, diskBytes: storeGatewayDisk(workload, retention) };
  const needs: readonly (readonly [units: number, full: PodSize])[] = [
    [samples / shapes.distributor.unit, shapes.distributor.full],
    [inMemorySeries / shapes.ingester.unit, shapes.ingester.full],
    [queries / shapes["query-frontend"].unit, shapes["query-frontend"].full],
    [queries / shapes["query-scheduler"].unit, shapes["query-scheduler"].full],
    [(queries + ruleQueries) / shapes.querier.unit, shapes.querier.full],
    [queries / shapes["store-gateway"].unit, shapes["store-gateway"].full],
    [series / shapes["store-gateway"].series, headers],
    [series / shapes.compactor.unit, shapes.compactor.full],
  ];
  const blocks = filesystem ? blockBytes(load) * headroom : 0;
  const share = (pick: (full: PodSize) => number) =>
    needs.reduce((sum, [units, full]) => sum + units * pick(full), 0) / replicas;
  const cpuCores = share((full) => full.cpuCores);
  return sized(
    {
      replicas,
      cpuCores: Math.max(leastCores, cpuCores),
      memoryBytes: idleBytes + share(({ memoryBytes }) => memoryBytes),
      diskBytes: leastDisk + blocks + share(({ diskBytes }) => diskBytes ?? 0),
    },
    {
      replicas: replicas === 3 ? "one per copy of the data" : "availability: single",
      cpuCores: `sum over all components for ${formatCount(samples)} samples/s, ${formatCount(inMemorySeries)} series in memory, ${queries.toFixed(1)} weighted queries/s`,
      memoryBytes: `${idleBytes / MiB} MiB idle (measured), plus the sum over all components, ${margin}`,
      diskBytes: `${leastDisk / GiB} GiB, 13 h in the ingester, index headers of ${Math.round(retention.mimir / 86_400)} d and room to compact${filesystem ? ", all blocks" : ""}, ${margin}`,
    },
  );
}

function sizeServices(
  demand: Demand,
  load: MimirLoad,
  remoteRules: boolean,
  override: Override<MimirService>,
): MicroservicesSizing["services"] {
  const { samples, inMemorySeries, queries, ruleQueries, series, reasons } = demand;
  const evaluated = remoteRules ? `; ${reasons.ruleQueries}` : "";
  const pair = { floor: load.availability === "redundant" ? 2 : 1 };
  const zones = { floor: demand.replicationFactor, multiple: demand.replicationFactor };
  const of = (service: MimirService, amount: number, options: FleetOptions, why = "") => {
    const shape = shapes[service];
    return override(service, fleet(amount / shape.unit, shape, options, because(why, shape.table)));
  };
  const storeGateway = {
    ...shapes["store-gateway"],
    full: { ...shapes["store-gateway"].full, diskBytes: storeGatewayDisk(load.workload, load.retention) },
  };
  return {
    distributor: of("distributor", samples, pair, reasons.samples),
    ingester: of("ingester", inMemorySeries, zones, reasons.inMemorySeries),
    querier: of("querier", queries + (remoteRules ? ruleQueries : 0), pair, `${reasons.queries}${evaluated}`),
    "query-frontend": of("query-frontend", queries, pair, reasons.queries),
    "query-scheduler": of("query-scheduler", queries, pair, reasons.queries),
    "store-gateway": override(
      "store-gateway",
      fleet(
        Math.max(queries / storeGateway.unit, series / storeGateway.series),
        storeGateway,
        zones,
        because(`${reasons.queries}; ${formatCount(series)} series`, storeGateway.table),
      ),
    ),
    compactor: of("compactor", series, { floor: 1 }, `${formatCount(series)} series`),
    ...(ruleQueries > 0 && { ruler: of("ruler", ruleQueries, pair, reasons.ruleQueries) }),
    "overrides-exporter": of("overrides-exporter", 0, { floor: 1 }, "one replica exports the limits of all tenants"),
  };
}

interface FleetOptions {
  /** Minimum number of replicas. */
  readonly floor: number;
  /** Replicas come in multiples of this number, one per zone. @default 1 */
  readonly multiple?: number;
}

/**
 * As many replicas as a load needs, each requesting its share. Totals never shrink when the load grows: a replica is added
 * only when all others are full. Only disks may shrink by a step ({@link diskStep}) at that point.
 * @param load in full replicas
 */
function fleet(load: number, shape: Shape, options: FleetOptions, reasons: Reasons<Resources>): WorkloadSize {
  const { floor, multiple = 1 } = options;
  const replicas = Math.ceil(Math.max(floor, load) / multiple) * multiple;
  return sized({ replicas, ...podSize(load / replicas, shape) }, reasons);
}

function podSize(share: number, { full, least }: Shape): PodSize {
  const disk = full.diskBytes === undefined ? undefined : Math.max(least.diskBytes ?? 0, full.diskBytes * share);
  return {
    cpuCores: Math.max(least.cpuCores, full.cpuCores * share),
    memoryBytes: Math.max(least.memoryBytes, full.memoryBytes * share),
    ...(disk !== undefined && { diskBytes: disk }),
  };
}

function because(load: string, table: string): Reasons<Resources> {
  return {
    replicas: `${load}; ${table}`,
    cpuCores: table,
    memoryBytes: `${table}, ${margin}`,
    diskBytes: `${table}, ${margin}`,
  };
}

function sizeCaches(
  { series }: Demand,
  queriesPerSecond: number,
  override: Override<MimirCache>,
): Record<MimirCache, WorkloadSize> {
  const of = (name: MimirCache, load: number) => {
    const { unit, table, ...shape } = cacheShapes[name];
    return override(
      name,
      fleet(
        load / unit,
        shape,
        { floor: 2 },
        {
          replicas: `${table}; at least two, so that losing one does not empty the cache`,
          cpuCores: "half a core per full pod: memcached is network-bound (estimate)",
          memoryBytes: table,
        },
      ),
    );
  };
  return {
    "chunks-cache": of("chunks-cache", series),
    "index-cache": of("index-cache", series),
    "metadata-cache": of("metadata-cache", series),
    "results-cache": of("results-cache", queriesPerSecond),
  };
}
