import { formatCount, formatDuration, samplesPerSecond, type Workload } from "../../../lib/sizing/index.ts";

/** Bytes that a stored sample takes, from regular gauges to jumping ones: 1 to 2, from Prometheus' storage documentation. */
export const bytesPerStoredSample = { low: 1, high: 2 } as const;
/** Bytes of one series in a scrape, from compressed short names to plain text with long labels. */
const bytesPerScrapedSeries = { low: 10, high: 50 } as const;

/** What a number of series costs Prometheus, as a range. */
export interface PrometheusEstimate {
  readonly samplesPerSecond: number;
  /** Samples kept at a time. */
  readonly samples: number;
  /** Bytes on disk. */
  readonly storedBytes: { readonly low: number; readonly high: number };
  /** Bytes of one scrape of everything. */
  readonly scrapeBytes: { readonly low: number; readonly high: number };
  /** Bytes a day from the targets to Prometheus, compressed. */
  readonly wireBytesPerDay: number;
}

/** Storage and traffic of one Prometheus that keeps every series for a time. */
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

/** The loads above which one plain Prometheus is no longer the answer. */
export const scalingThresholds = { activeSeries: 1_000_000, samplesPerSecond: 10_000, storedBytes: 100e9 } as const;

/** A threshold that was crossed, for people. */
export interface ScalingTrigger {
  readonly metric: keyof typeof scalingThresholds;
  readonly value: number;
  readonly threshold: number;
  /** What is crossed by how much, and what the stack does about it. */
  readonly text: string;
}

/** What the stack has against growth. */
export interface ScalingAnswer {
  readonly shards: number;
  readonly replicas: number;
  readonly retentionSeconds: number;
  /** Whether a store for the long term takes every sample. */
  readonly longTerm: boolean;
}

/**
 * The thresholds that a workload crosses, each with the option that the stack takes. Storage is judged at the retention
 * that people can query, not at the shorter one that a shard keeps locally.
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
