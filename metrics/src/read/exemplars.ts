import type { Definition } from "../definition/definition.ts";
import { EXEMPLAR_SLOTS, EXEMPLAR_TEXT_BYTES } from "../instruments/exemplar.ts";
import { EXPONENTIAL_EXEMPLARS } from "../instruments/exponential.ts";
import { Slot } from "../memory/activity.ts";
import type { Series } from "./series.ts";

/** An example of what was counted. */
export interface Exemplar {
  /** Names and values. */
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/** Where a type's exemplar cells start, and how many there are. */
export function exemplarCells({ exemplars, type, buckets }: Definition): { offset: number; cells: number } {
  if (!exemplars) return { offset: 0, cells: 0 };
  if (type === "histogram") return { offset: buckets.length + 2, cells: buckets.length + 1 };
  if (type === "exponential_histogram") return { offset: Slot.exponential.length, cells: EXPONENTIAL_EXEMPLARS };
  // A counter: no other type has them.
  return { offset: 1, cells: 1 };
}

/** For each cell, the latest exemplar of all threads. */
export function readExemplars(definition: Definition, series: Series): (Exemplar | undefined)[] {
  const { offset, cells } = exemplarCells(definition);
  return Array.from({ length: cells }, (_, cell) => {
    let latest: Exemplar | undefined;
    for (const { slots, index } of series.sources) {
      const found = readCell(slots, index + offset + cell * EXEMPLAR_SLOTS);
      if (found && !(latest && latest.timestamp >= found.timestamp)) latest = found;
    }
    return latest;
  });
}

/** One cell, or nothing when it is empty or being written. */
function readCell(slots: Float64Array, at: number): Exemplar | undefined {
  const words = new Int32Array(slots.buffer, slots.byteOffset + at * 8, 2);
  const sequence = Atomics.load(words, 0);
  if (sequence === 0 || sequence & 1) return undefined;
  const text = Buffer.alloc(Math.min(words[1]!, EXEMPLAR_TEXT_BYTES));
  text.set(new Uint8Array(slots.buffer, slots.byteOffset + (at + 3) * 8, text.length));
  const value = slots[at + 1]!;
  const timestamp = slots[at + 2]!;
  if (Atomics.load(words, 0) !== sequence) return undefined;
  const flat = JSON.parse(text.toString()) as string[];
  const labels: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) labels.push([flat[i]!, flat[i + 1]!]);
  return { labels, value, timestamp };
}
