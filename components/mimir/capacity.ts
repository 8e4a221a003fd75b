import { cacheOverhead } from "../../lib/kubernetes/index.ts";
import type { Evaluator } from "../../lib/monitoring/rules.ts";
import {
  type Availability,
  formatCount,
  GiB,
  MiB,
  quantityBytes,
  type Reasons,
  type Resources,
  type Retention,
  type SizeOverrides,
  samplesPerSecond,
  type Workload,
} from "../../lib/sizing/index.ts";
import { aggregateRules, aggregateSeconds } from "./monitoring/aggregates.ts";

/**
 * The capacity table: what each workload of Mimir carries, and how a stack's load translates into its units.
 *
 * Unless another source is named, figures are from "Planning Grafana Mimir capacity":
 * https://grafana.com/docs/mimir/v3.2.x/manage/run-production-environment/planning-capacity/
 * Links to sources lead to the commit that the tests build (test/binaries/mimir).
 * They are minimums in decimal gigabytes; the page asks for 50 % more memory and disk to absorb peaks.
 */
export const headroom = 1.5;
export const margin = "50 % above the table";

/** `monolithic`: all components in one process. `microservices`: one workload per component. */
export type MimirMode = "monolithic" | "microservices";

/** Components that run as workloads of their own in microservices mode. */
export type MimirService = (typeof mimirServices)[number];
export const mimirServices = [
  "distributor",
  "ingester",
  "querier",
  "query-frontend",
  "query-scheduler",
  "store-gateway",
  "compactor",
  "ruler",
  "overrides-exporter",
] as const;

/** Memcached workloads. */
export type MimirCache = (typeof mimirCaches)[number];
export const mimirCaches = ["chunks-cache", "index-cache", "metadata-cache", "results-cache"] as const;

/** Workloads whose size can be overridden: `mimir` is the monolithic process. */
export type MimirWorkload = "mimir" | MimirService | MimirCache;

/** The load that {@link sizeMimir} sizes for. */
export interface MimirLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** @default "microservices" from 1 M active series */
  readonly mode?: MimirMode;
  /** Which program evaluates the stack's rules. @default "prometheus" */
  readonly evaluator?: Evaluator;
  /** Whether blocks are on the pod's volume instead of in an object store. @default false */
  readonly filesystem?: boolean;
  /** @default none */
  readonly overrides?: SizeOverrides<MimirWorkload>;
}

/** Resources of one pod. */
export type PodSize = Omit<Resources, "replicas" | "memoryLimitBytes">;

/** Size of one replica, by load. */
export interface Shape {
  /** At full load; beyond it, replicas are added. Must be a quantity that manifests can carry. */
  readonly full: PodSize;
  /** Lower bound, however small the load. */
  readonly least: PodSize;
}

/** A {@link Shape}, the load that fills one replica, and its row of the table. */
interface ServiceShape extends Shape {
  /** Load of one full replica, in the unit documented at each service. */
  readonly unit: number;
  /** Series of one full replica, for services with a second kind of load. */
  readonly series?: number;
  /** The row of the table, as `skopos plan` shows it. */
  readonly table: string;
}

/** Gigabytes of the table, with headroom, as a quantity that manifests can carry. */
const gigabytes = (count: number): number => quantityBytes(count * 1e9 * headroom);

/** Lower bound of stateless services: idle ones had 86 to 112 MiB resident (measured, Mimir 3.2). */
const small: PodSize = { cpuCores: 0.1, memoryBytes: 192 * MiB };

/** Queries and rule evaluations cost the same CPU. Two cores per pod. */
const evaluating = { unit: 20, least: { cpuCores: 0.5, memoryBytes: 1.5 * GiB } } as const;

/**
 * Load and size of a full replica per service. Replica sizes follow the presets of the Helm chart for 1 M and 10 M series
 * (mimir-distributed 6.1, small.yaml and large.yaml):
 * https://github.com/grafana/mimir/tree/aced80d74930/operations/helm/charts/mimir-distributed
 */
export const shapes = {
  /** Unit: samples/s. */
  distributor: {
    unit: 50_000,
    full: { cpuCores: 2, memoryBytes: gigabytes(2) },
    least: { cpuCores: 0.25, memoryBytes: 512 * MiB },
    table: "1 core and 1 GB for 25 k samples/s",
  },
  /** Unit: series in memory. 1 M per pod leaves room below {@link file://./monitoring/store-alerts.ts maxSeriesPerIngester}. */
  ingester: {
    unit: 1_000_000,
    full: { cpuCores: 3.34, memoryBytes: gigabytes(2.5 / 0.3), diskBytes: gigabytes(5 / 0.3) },
    least: { cpuCores: 0.5, memoryBytes: 2 * GiB, diskBytes: 10 * GiB },
    table: "1 core, 2.5 GB and 5 GB of disk for 300 k series in memory",
  },
  /** Unit: queries/s. Memory as in the chart's preset for 10 M series, four times the table's: ranges of a month need it. */
  querier: {
    ...evaluating,
    full: { cpuCores: 2, memoryBytes: 6 * GiB },
    table: "1 core for 10 queries/s at 100 ms; 6 GiB for 2 cores as in the chart's preset",
  },
  /** Unit: rule evaluations/s. */
  ruler: {
    ...evaluating,
    full: { cpuCores: 2, memoryBytes: gigabytes(2) },
    table: "1 core and 1 GB for 10 queries/s at 100 ms",
  },
  /** Unit: queries/s. */
  "query-frontend": {
    unit: 250,
    full: { cpuCores: 1, memoryBytes: 2 * GiB },
    least: { cpuCores: 0.25, memoryBytes: 2 * GiB },
    table: "1 core for 250 queries/s; 2 GiB to merge sharded results, as in the chart's preset",
  },
  /** Unit: queries/s. The memory is the table's 100 MB beside an idle process (measured: see `small`). */
  "query-scheduler": {
    unit: 500,
    full: { cpuCores: 1, memoryBytes: gigabytes(0.25) },
    least: small,
    table: "1 core and 100 MB for 500 queries/s",
  },
  /**
   * Unit: queries/s; also series. The chart's presets give about 3.6 GiB per million series for index headers and page
   * cache, more than the table's 1 GB for 10 queries/s. The disk depends on the retention.
   */
  "store-gateway": {
    unit: 20,
    series: 1_666_667,
    full: { cpuCores: 2, memoryBytes: 6 * GiB },
    least: { cpuCores: 0.5, memoryBytes: 1.5 * GiB, diskBytes: 10 * GiB },
    table:
      "1 core for 10 queries/s; 3.6 GiB for 1 M series as in the chart's presets; 13 GB of disk for 1 M series, a year and 15 s",
  },
  /** Unit: series. */
  compactor: {
    unit: 20_000_000,
    full: { cpuCores: 1, memoryBytes: gigabytes(4), diskBytes: gigabytes(300) },
    least: { cpuCores: 0.5, memoryBytes: 2 * GiB, diskBytes: 20 * GiB },
    table: "1 core, 4 GB and 300 GB of disk for 20 M series",
  },
  /** Its load is constant. No published figure exists. */
  "overrides-exporter": {
    unit: 1,
    full: { ...small, cpuCores: 0.05 },
    least: { ...small, cpuCores: 0.05 },
    table: "constant load (estimate)",
  },
} as const satisfies Record<MimirService, ServiceShape>;

/** Scrape interval that the table's ingester and store-gateway figures assume, in seconds. */
const tableInterval = 15;
const secondsPerYear = 31_536_000;

/** Volume of a full store-gateway, in bytes: 13 GB per million series and year at 15 s, all copies together. */
export function storeGatewayDisk(workload: Workload, retention: Retention): number {
  const years = retention.mimir / secondsPerYear;
  const pace = tableInterval / workload.scrapeIntervalSeconds;
  return gigabytes((13 * shapes["store-gateway"].series * years * pace) / 1e6);
}

const cache = (fullBytes: number, leastBytes: number): Shape => ({
  full: { cpuCores: 0.5, memoryBytes: quantityBytes(fullBytes * cacheOverhead) },
  least: { cpuCores: 0.1, memoryBytes: leastBytes * cacheOverhead },
});

/**
 * Caches. Items of chunks and postings for 10 M series are those of the Helm chart's large preset: three replicas of 8 GiB and
 * of 2 GiB. The load that fills the other two caches is an estimate; no published figure exists.
 * @see https://github.com/grafana/mimir/blob/aced80d74930/operations/helm/charts/mimir-distributed/large.yaml
 */
export const cacheShapes = {
  /** Unit: series. */
  "chunks-cache": { unit: 2_500_000, ...cache(6 * GiB, 1 * GiB), table: "24 GiB of chunks for 10 M series" },
  /** Unit: series. */
  "index-cache": { unit: 3_333_334, ...cache(2 * GiB, 256 * MiB), table: "6 GiB of postings for 10 M series" },
  /** Unit: series. */
  "metadata-cache": {
    unit: 20_000_000,
    ...cache(512 * MiB, 128 * MiB),
    table: "512 MiB of block metadata for 20 M series (estimate)",
  },
  /** Unit: queries/s. */
  "results-cache": { unit: 50, ...cache(1 * GiB, 256 * MiB), table: "1 GiB of results for 50 queries/s (estimate)" },
} as const satisfies Record<MimirCache, ServiceShape>;

/**
 * Active series from which components run as workloads of their own. No official threshold exists; the smallest preset of
 * the microservices chart is for 1 M series, and each of three monolithic pods would then be as large as a node's share.
 */
export const microservicesFrom = 1_000_000;

/**
 * Active series from which the ruler leaves queries to the query path, which splits and shards them: the `large` scale.
 * @see https://grafana.com/docs/mimir/v3.1.x/references/architecture/components/ruler/#remote
 */
export const remoteRulesFrom = 10_000_000;

/** Rules of a stack: kube-prometheus has about 350, the stack's own are about 50. */
const stackRules = 400;
/** Evaluation interval in seconds: Mimir's default. */
const evaluationSeconds = 60;
/** CPU seconds per query, from the table: 10 queries/s per core. */
const secondsPerQuery = 0.1;

/** A load in the units of {@link shapes}. */
export interface Demand {
  readonly mode: MimirMode;
  /** Copies of each series in the ingesters and of each block in the store-gateways. */
  readonly replicationFactor: 1 | 3;
  /** Samples/s received by distributors, including those of the second Prometheus of an HA pair. */
  readonly samples: number;
  /** Series before replication. */
  readonly series: number;
  /** Series in all ingesters, weighted by how much shorter their scrape interval is than the table's. */
  readonly inMemorySeries: number;
  /** Queries/s, weighted by their cost at this number of series. */
  readonly queries: number;
  /** Queries/s that rule evaluation amounts to. */
  readonly ruleQueries: number;
  readonly reasons: Reasons<Pick<Demand, "mode" | "samples" | "inMemorySeries" | "queries" | "ruleQueries">>;
}

/** Converts a load into the units of {@link shapes}. */
export function demandOf({ workload, availability, retention, mode, evaluator }: MimirLoad): Demand {
  const series = workload.activeSeries;
  const redundant = availability === "redundant";
  const replicationFactor = redundant ? 3 : 1;
  const pace = Math.max(1, tableInterval / workload.scrapeIntervalSeconds);
  const senders = redundant ? 2 : 1;
  const millions = series / 1e6;
  const weight = Math.min(1, Math.max(0.1, millions));
  const rules = evaluator === "mimir" ? stackRules : 0;
  const aggregates = retention.aggregates > 0 ? aggregateRules() : 0;
  return {
    mode: mode ?? (series >= microservicesFrom ? "microservices" : "monolithic"),
    replicationFactor,
    samples: samplesPerSecond(workload) * senders,
    series,
    inMemorySeries: series * replicationFactor * pace,
    queries: workload.queriesPerSecond * weight,
    ruleQueries: (rules / evaluationSeconds + aggregates / aggregateSeconds) * Math.max(0.1, millions),
    reasons: {
      mode: mode
        ? "set explicitly"
        : `${formatCount(series)} series: microservices from ${formatCount(microservicesFrom)} on`,
      samples: `${formatCount(series)} series every ${workload.scrapeIntervalSeconds} s, from ${senders} Prometheus`,
      inMemorySeries: `${formatCount(series)} series x ${replicationFactor} copies${pace > 1 ? ` x ${pace.toFixed(1)} for a scrape interval below ${tableInterval} s` : ""}`,
      queries: `${workload.queriesPerSecond} queries/s, each costing ${weight.toFixed(2)} of the table's ${secondsPerQuery * 1000} ms at this number of series`,
      ruleQueries: `${rules} rules every ${evaluationSeconds} s, ${aggregates} every ${aggregateSeconds} s, each ${secondsPerQuery * 1000} ms per million series`,
    },
  };
}
