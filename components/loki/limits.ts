import { MiB, type Reasons, type Workload } from "../../lib/sizing/index.ts";

/** Limits of the one tenant, derived from the workload: the program's defaults (4 MB/s, 5,000 streams) fit a test. */
export interface LokiLimits {
  /** Mean MiB a second that may come in, over all distributors: `ingestion_rate_mb`. */
  readonly ingestionRateMb: number;
  /** MiB that one distributor may take at once: `ingestion_burst_size_mb`. */
  readonly ingestionBurstSizeMb: number;
  /** Active streams over all ingesters: `max_global_streams_per_user`. */
  readonly maxStreams: number;
  readonly reasons: Reasons<Omit<LokiLimits, "reasons">>;
}

/** Containers of an average pod: an application and, in every other pod, a sidecar. Each is one stream. */
const containersPerPod = 1.5;
/** Log volume peaks when something is wrong, which is when it is read: five times the mean passes. */
const peak = 5;
/** A rollout replaces every pod while the old streams are still held. */
const churn = 4;
/** The program's own defaults are never undercut. */
const defaults = { rateMb: 4, burstMb: 6, streams: 5_000 } as const;

/** Log streams that a workload keeps active: one a container. */
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
    ingestionBurstSizeMb: Math.max(defaults.burstMb, ingestionRateMb * 2),
    maxStreams: Math.max(defaults.streams, streams * churn),
    reasons: {
      ingestionRateMb: `${peak} x the mean of ${mean.toFixed(2)} MiB/s, at least the default of ${defaults.rateMb}`,
      ingestionBurstSizeMb: `two seconds at the limit, at least the default of ${defaults.burstMb}`,
      maxStreams: `${streams} streams (${containersPerPod} containers a pod) x ${churn} while a rollout replaces pods, at least the default of ${defaults.streams}`,
    },
  };
}
