import type { Evaluator } from "../../lib/monitoring/rules.ts";
import {
  type Availability,
  formatCount,
  type Reasons,
  type Retention,
  samplesPerSecond,
  type Workload,
} from "../../lib/sizing/index.ts";
import { aggregateRules, aggregateSeconds } from "./monitoring/aggregates.ts";

/** `monolithic`: every part in one process. `microservices`: each part by itself. */
export type MimirMode = "monolithic" | "microservices";

/** What Mimir has to carry. */
export interface MimirLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** @default microservices from a million series on */
  readonly mode?: MimirMode;
  /** Who evaluates the stack's rules. @default "prometheus" */
  readonly evaluator?: Evaluator;
  /** Whether blocks lie on the pod's own disk, for want of an object store. @default false */
  readonly filesystem?: boolean;
}

/**
 * From here on the parts run by themselves. No official threshold exists; the smallest published preset of the
 * microservices chart is for a million series, and a monolithic pod of three is then as large as a node's share.
 */
export const microservicesFrom = 1_000_000;

/** Scrape interval that the ingester's and store-gateway's figures of the capacity table assume, in seconds. */
export const tableInterval = 15;

/** Rules of a stack that Mimir evaluates: kube-prometheus has about 350, the stack's own come to about 50. */
const stackRules = 400;
/** Seconds between two evaluations: Mimir's default. */
const evaluationSeconds = 60;
/** Mean seconds of CPU of a query, from the table: 10 a second and core. */
const secondsPerQuery = 0.1;

/** A load in the units of the capacity table. */
export interface Demand {
  readonly mode: MimirMode;
  /** Copies of every series in the ingesters, and of every block in the store-gateways. */
  readonly replicationFactor: 1 | 3;
  /** Samples a second that the distributors receive, the copies of a second Prometheus included. */
  readonly samples: number;
  /** Series before replication. */
  readonly series: number;
  /** Series in all ingesters, weighted by how much faster than the table's they are scraped. */
  readonly inMemorySeries: number;
  /** Queries a second, weighted by how heavy they are at this number of series. */
  readonly queries: number;
  /** Queries a second that evaluating rules amounts to. */
  readonly ruleQueries: number;
  readonly reasons: Reasons<Pick<Demand, "mode" | "samples" | "inMemorySeries" | "queries" | "ruleQueries">>;
}

/** Works a load out in the units of the capacity table. */
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
  const chosen = mode ?? (series >= microservicesFrom ? "microservices" : "monolithic");
  return {
    mode: chosen,
    replicationFactor,
    samples: samplesPerSecond(workload) * senders,
    series,
    inMemorySeries: series * replicationFactor * pace,
    queries: workload.queriesPerSecond * weight,
    ruleQueries: (rules / evaluationSeconds + aggregates / aggregateSeconds) * Math.max(0.1, millions),
    reasons: {
      mode: mode
        ? "as stated"
        : `${formatCount(series)} series: microservices from ${formatCount(microservicesFrom)} on`,
      samples: `${formatCount(series)} series every ${workload.scrapeIntervalSeconds} s, from ${senders} Prometheus`,
      inMemorySeries: `${formatCount(series)} series x ${replicationFactor} copies${pace > 1 ? ` x ${pace.toFixed(1)} for a scrape interval below ${tableInterval} s` : ""}`,
      queries: `${workload.queriesPerSecond} queries/s, each ${weight.toFixed(2)} of the table's ${secondsPerQuery * 1000} ms at this number of series`,
      ruleQueries: `${rules} rules every ${evaluationSeconds} s, ${aggregates} every ${aggregateSeconds} s, each ${secondsPerQuery * 1000} ms a million series`,
    },
  };
}
