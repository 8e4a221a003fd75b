import { type Duration, seconds } from "./units.ts";

/** Names of the retention profiles. */
export const retentions = ["ephemeral", "standard", "extended", "archive"] as const;
export type RetentionName = (typeof retentions)[number];

/** How long each kind of data is kept, in seconds. */
export interface Retention {
  /** Prometheus' own blocks. */
  readonly prometheusSeconds: number;
  /** Every series, in Mimir. */
  readonly mimirSeconds: number;
  /** Aggregates written by recording rules to the long-retention tenant. 0: there is none. */
  readonly aggregatesSeconds: number;
  /** Logs, in Loki. */
  readonly lokiSeconds: number;
  /** Traces that were kept by sampling. */
  readonly tracesSeconds: number;
  /** Cold storage for compliance and audit, beyond what the stores keep. 0: there is none. */
  readonly archiveSeconds: number;
}

const of = (
  prometheus: Duration,
  mimir: Duration,
  aggregates: Duration,
  loki: Duration,
  traces: Duration,
  archive: Duration,
): Retention => ({
  prometheusSeconds: seconds(prometheus),
  mimirSeconds: seconds(mimir),
  aggregatesSeconds: seconds(aggregates),
  lokiSeconds: seconds(loki),
  tracesSeconds: seconds(traces),
  archiveSeconds: seconds(archive),
});

/**
 * What each profile keeps. 15 d is all metrics at full resolution; days 16 to 365 are also kept as aggregates;
 * `archive` keeps seven years, the longest that common audit rules ask for. Loki refuses less than 24 h.
 */
export const retentionProfiles: Readonly<Record<RetentionName, Retention>> = {
  ephemeral: of("6h", "24h", "0s", "24h", "24h", "0s"),
  standard: of("15d", "90d", "0s", "31d", "7d", "0s"),
  extended: of("15d", "365d", "730d", "90d", "14d", "0s"),
  archive: of("15d", "365d", "730d", "90d", "14d", "2555d"),
};
