import type { Definition } from "../definition/definition.ts";

/** Where each type keeps what its readers have to find, in slots from the start of a series. */
export const Slot = {
  gauge: { value: 0, changes: 1 },
  /** The pointers are Int64: see `bank.ts`. */
  exponential: { count: 0, sum: 1, zeros: 2, positive: 3, negative: 4, length: 5 },
  summary: { count: 0, sum: 1, digests: 2 },
  stateset: { changes: 0, states: 1 },
} as const;

/** A number that changes with every observation of a series: while it stays the same, the series is idle. */
export function activity(definition: Definition, slots: Float64Array, index: number): number {
  switch (definition.type) {
    case "gauge":
    case "info":
      return slots[index + Slot.gauge.changes]!;
    case "histogram": {
      let count = 0;
      for (let i = 0; i <= definition.buckets.length; i++) count += slots[index + i]!;
      return count;
    }
    default:
      // A counter's value, the count of exponential histograms and summaries, a stateset's changes: all the first slot.
      return slots[index]!;
  }
}
