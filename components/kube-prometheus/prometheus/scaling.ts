import { formatCount, formatDuration, samplesPerSecond, type Workload } from "../../../lib/sizing/index.ts";

/** Bytes per stored sample. "An average of only 1-2 bytes": https://prometheus.io/docs/prometheus/3.13/storage/#operational-aspects. */
export const bytesPerStoredSample = { low: 1, high: 2 } as const;
/** Bytes per series in a scrape response, from compressed with short names to uncompressed with long labels. An estimate. */
const bytesPerScrapedSeries = { low: 10, high: 50 } as const;

/** Storage and traffic of a number of series. */
export interface PrometheusEstimate {
  /** Samples ingested per second. */
  readonly samplesPerSecond: number;
  /** Samples stored once the retention is full. */
  readonly samples: number;
  /** Bytes on disk. */
  readonly storedBytes: { readonly low: number; readonly high: number };
  /** Bytes of the responses to one scrape of all targets. */
  readonly scrapeBytes: { readonly low: number; readonly high: number };
  /** Bytes per day from targets to Prometheus, compressed. */
  readonly wireBytesPerDay: number;
}

/** Estimates storage and traffic of one Prometheus. @param retentionSeconds how long it keeps every series */
export function estimatePrometheus(
  load: Pick<Workload, "activeSeries" | "scrapeIntervalSeconds">,
  retentionSeconds: number,
): PrometheusEstimate {
  const { activeSeries, scrapeIntervalSeconds } = load;
  const perSecond = activeSeries / scrapeIntervalSeconds;
  const samples = perSecond * retentionSeconds;
  return {
    samplesPerSecond: perSecond,
    samples,
    storedBytes: { low: samples * bytesPerStoredSample.low, high: samples * bytesPerStoredSample.high },
    scrapeBytes: { low: activeSeries * bytesPerScrapedSeries.low, high: activeSeries * bytesPerScrapedSeries.high },
    wireBytesPerDay: activeSeries * bytesPerScrapedSeries.low * (86_400 / scrapeIntervalSeconds),
  };
}

/** Loads above which one Prometheus needs replicas, shards or a long-term store. Rules of thumb. */
export const scalingThresholds = { activeSeries: 1_000_000, samplesPerSecond: 10_000, storedBytes: 100e9 } as const;

/** A scaling threshold that a workload exceeds. */
export interface ScalingTrigger {
  /** What exceeds its threshold. */
  readonly metric: keyof typeof scalingThresholds;
  /** The workload's value. */
  readonly value: number;
  /** The threshold that it exceeds. */
  readonly threshold: number;
  /** One sentence: value, threshold, and how the stack scales. */
  readonly text: string;
}

/** How the stack scales Prometheus. */
export interface ScalingAnswer {
  /** Number of shards. */
  readonly shards: number;
  /** Pods per shard. */
  readonly replicas: number;
  /** Seconds for which Prometheus keeps its blocks. */
  readonly retentionSeconds: number;
  /** Whether a long-term store receives every sample. */
  readonly longTerm: boolean;
}

/**
 * The thresholds that a workload exceeds. Storage is compared at the retention that users can query, not at the shorter
 * one of a shard.
 */
export function scalingTriggers(workload: Workload, retentionSeconds: number, answer: ScalingAnswer): ScalingTrigger[] {
  const stored = estimatePrometheus(workload, retentionSeconds).storedBytes.high;
  const kept = `${formatDuration(answer.retentionSeconds)} locally`;
  const replicas = answer.replicas === 1 ? "one replica" : `${answer.replicas} replicas`;
  const growth =
    answer.shards > 1
      ? `${answer.shards} shards with ${replicas} each keep ${kept}, Mimir answers queries and evaluates rules`
      : answer.longTerm
        ? `one shard with ${replicas} still suffices, it keeps ${kept} and Mimir keeps everything`
        : `one larger shard with ${replicas}; with a remote write endpoint (Mimir) it can be sharded`;
  const candidates: readonly (Omit<ScalingTrigger, "threshold" | "text"> & {
    readonly shown: (n: number) => string;
  })[] = [
    { metric: "activeSeries", value: workload.activeSeries, shown: (n) => `${formatCount(n)} active series` },
    { metric: "samplesPerSecond", value: samplesPerSecond(workload), shown: (n) => `${formatCount(n)} samples/s` },
    {
      metric: "storedBytes",
      value: stored,
      shown: (n) => `${formatCount(n)}B for ${formatDuration(retentionSeconds)}`,
    },
  ];
  return candidates
    .filter(({ metric, value }) => value > scalingThresholds[metric])
    .map(({ metric, value, shown }) => {
      const threshold = scalingThresholds[metric];
      return { metric, value, threshold, text: `${shown(value)} is above ${shown(threshold)}: ${growth}` };
    });
}
