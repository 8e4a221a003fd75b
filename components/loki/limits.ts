import { MiB, otlpMessageBytes, type Reasons, type Workload } from "../../lib/sizing/index.ts";

/**
 * Limits of the tenant, derived from the workload: Loki's defaults (4 MB/s, 5,000 streams) are for small installations.
 * @see https://grafana.com/docs/loki/v3.7.x/configure/#limits_config
 */
export interface LokiLimits {
  /** `ingestion_rate_mb`: mean MiB/s over all distributors. */
  readonly ingestionRateMb: number;
  /** `ingestion_burst_size_mb`: MiB that one distributor accepts at once. */
  readonly ingestionBurstSizeMb: number;
  /** `max_global_streams_per_user`: active streams over all ingesters, before replication. */
  readonly maxStreams: number;
  readonly reasons: Reasons<Omit<LokiLimits, "reasons">>;
}

/** Mean containers per pod: every other pod has a sidecar. Each container is one stream. An estimate. */
const containersPerPod = 1.5;
/** Peak rate per mean rate: log volume peaks during incidents, when logs matter most. An estimate. */
const peak = 5;
/** Streams per active stream: a rollout replaces every pod while the old streams are still in memory. An estimate. */
const churn = 4;
/** Loki's defaults, as lower bounds. */
const defaults = { rateMb: 4, streams: 5_000 } as const;
/** A burst below the largest request would reject that request on every retry. */
const leastBurstMb = otlpMessageBytes / MiB;

/** Active log streams of a workload: one per container. */
export function logStreams(workload: Workload): number {
  return Math.ceil(workload.pods * containersPerPod);
}

/** Computes {@link LokiLimits}. */
export function lokiLimits(workload: Workload): LokiLimits {
  const mean = workload.logBytesPerDay / 86_400 / MiB;
  const ingestionRateMb = Math.max(defaults.rateMb, Math.ceil(mean * peak));
  const streams = logStreams(workload);
  return {
    ingestionRateMb,
    ingestionBurstSizeMb: Math.max(leastBurstMb, ingestionRateMb * 2),
    maxStreams: Math.max(defaults.streams, streams * churn),
    reasons: {
      ingestionRateMb: `${peak} x the mean of ${mean.toFixed(2)} MiB/s, at least the default of ${defaults.rateMb}`,
      ingestionBurstSizeMb: `two seconds at the limit, at least one OTLP request of ${leastBurstMb} MiB`,
      maxStreams: `${streams} streams (${containersPerPod} containers per pod) x ${churn} during a rollout, at least the default of ${defaults.streams}`,
    },
  };
}
