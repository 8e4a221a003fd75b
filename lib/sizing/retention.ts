import { type Duration, seconds } from "./units.ts";

/** Names of the retention profiles. */
export const retentions = ["ephemeral", "standard", "extended", "archive"] as const;
export type RetentionName = (typeof retentions)[number];

/** How long each kind of data is kept, in seconds. */
export interface Retention {
  /** Prometheus' local blocks. */
  readonly prometheus: number;
  /** All series, in Mimir. */
  readonly mimir: number;
  /** Aggregates that recording rules write to the long-term tenant. 0: no aggregates. */
  readonly aggregates: number;
  /** Logs, in Loki. */
  readonly loki: number;
  /** Sampled traces, in Jaeger or Tempo. */
  readonly traces: number;
  /** Cold storage for compliance and audits, beyond the retention of the stores. 0: no archive. */
  readonly archive: number;
}

const of = (
  prometheus: Duration,
  mimir: Duration,
  aggregates: Duration,
  loki: Duration,
  traces: Duration,
  archive: Duration,
): Retention => ({
  prometheus: seconds(prometheus),
  mimir: seconds(mimir),
  aggregates: seconds(aggregates),
  loki: seconds(loki),
  traces: seconds(traces),
  archive: seconds(archive),
});

/**
 * What each profile keeps. 15 d is all metrics at full resolution; days 16 to 365 are also kept as aggregates;
 * `archive` copies all blocks to cold storage for seven years, the longest period of common audit rules, and keeps the
 * aggregates queryable for as long. Loki requires at least 24 h.
 */
export const retentionProfiles: Readonly<Record<RetentionName, Retention>> = {
  ephemeral: of("6h", "24h", "0s", "24h", "24h", "0s"),
  standard: of("15d", "90d", "0s", "31d", "7d", "0s"),
  extended: of("15d", "365d", "730d", "90d", "14d", "0s"),
  archive: of("15d", "365d", "2555d", "90d", "14d", "2555d"),
};
