import type { Availability, Retention, Workload } from "../../lib/sizing/index.ts";

/** Share of traces that are kept whatever the dice say: errors and slow ones. Healthy services have fewer. */
const notable = 0.05;

/** Bytes of a span on the wire: Tempo's limits of 25 MB/s and 55 k spans/s are the same load. */
export const bytesPerSpan = 25e6 / 55e3;

/** What reaches the store once the gateway has sampled. */
export interface KeptSpans {
  readonly spansPerSecond: number;
  readonly spansPerTrace: number;
  readonly retentionSeconds: number;
  readonly availability: Availability;
}

/** What the store has to hold. */
export interface TracesLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Percent of ordinary traces that the gateway keeps; errors and slow ones always stay. @default 100: nothing samples */
  readonly keepPercent?: number;
}

/** Spans a second that are written, and for how long they stay. */
export function keptSpans({ workload, availability, retention, keepPercent = 100 }: TracesLoad): KeptSpans {
  const share = notable + (1 - notable) * (keepPercent / 100);
  return {
    spansPerSecond: workload.spansPerSecond * share,
    spansPerTrace: workload.spansPerTrace,
    retentionSeconds: retention.traces,
    availability,
  };
}
