import type { Definition } from "../definition/definition.ts";
import { Slot } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { readQuantiles } from "./digest.ts";
import { readExponential } from "./exponential.ts";
import type { Series, Source } from "./series.ts";

// A series' cells are the numbers that one series exposes, in this order:
//   counter, gauge, info   value
//   histogram              cumulative bucket counts, the last for +Inf being the count; sum
//   exponential_histogram  count; sum
//   summary                quantiles; sum; count
//   stateset               one a state

/** How many cells a series has. */
export function cellCount(definition: Definition): number {
  switch (definition.type) {
    case "histogram":
      return definition.buckets.length + 2;
    case "exponential_histogram":
      return 2;
    case "summary":
      return definition.quantiles.length + 2;
    case "stateset":
      return definition.states.length;
    default:
      return 1;
  }
}

/** Writes a series' cells to `out` from `at` on, merged over all threads. */
export function readCells(
  arena: Arena,
  definition: Definition,
  series: Series,
  now: number,
  out: Float64Array,
  at: number,
): void {
  switch (definition.type) {
    case "counter": {
      const { others } = series;
      let sum = series.slots[series.index]!;
      if (others !== undefined) for (const { slots, index } of others) sum += slots[index]!;
      out[at] = sum;
      return;
    }
    case "gauge":
    case "info":
      out[at] = readGauge(definition, series.sources);
      return;
    case "histogram":
      readHistogram(definition.buckets.length + 1, series.sources, out, at);
      return;
    case "exponential_histogram": {
      const { count, sum } = readExponential(arena, definition, series.sources);
      out[at] = count;
      out[at + 1] = sum;
      return;
    }
    case "summary": {
      const quantiles = readQuantiles(arena, definition, series, now);
      out.set(quantiles, at);
      out[at + quantiles.length] = total(series.sources, Slot.summary.sum);
      out[at + quantiles.length + 1] = total(series.sources, Slot.summary.count);
      return;
    }
    case "stateset":
      for (let state = 0; state < definition.states.length; state++) {
        const holds = series.sources.some(
          ({ slots, index, region }) => region.live && slots[index + Slot.stateset.states + state] === 1,
        );
        out[at + state] = holds ? 1 : 0;
      }
  }
}

function total(sources: readonly Source[], slot: number): number {
  return sources.reduce((sum, { slots, index }) => sum + slots[index + slot]!, 0);
}

function readHistogram(buckets: number, sources: readonly Source[], out: Float64Array, at: number): void {
  out.fill(0, at, at + buckets + 1);
  for (let s = 0; s < sources.length; s++) {
    const { slots, index } = sources[s]!;
    for (let i = 0; i <= buckets; i++) out[at + i]! += slots[index + i]!;
  }
  for (let i = 1; i < buckets; i++) out[at + i]! += out[at + i - 1]!;
}

/** Only what living threads say counts, and only where they said something. */
function readGauge({ aggregate }: Definition, sources: readonly Source[]): number {
  let value = 0;
  let order = 0;
  let found = false;
  for (let s = 0; s < sources.length; s++) {
    const { slots, index, region } = sources[s]!;
    const changes = slots[index + Slot.gauge.changes]!;
    if (changes === 0 || !region.live) continue;
    const next = slots[index + Slot.gauge.value]!;
    if (!found) value = next;
    else if (aggregate === "min") value = Math.min(value, next);
    else if (aggregate === "max") value = Math.max(value, next);
    else if (aggregate === "last") value = ((changes - order) | 0) > 0 ? next : value;
    else value += next;
    if (!found || aggregate !== "last" || ((changes - order) | 0) > 0) order = changes;
    found = true;
  }
  return value;
}
