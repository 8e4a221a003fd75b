import type { Definition } from "../definition/definition.ts";
import { DIGEST_EPOCH_SHIFT, DIGEST_LENGTH_MASK, Digest, DigestBank } from "../instruments/summary.ts";
import { MOST_CENTROIDS, quantileOf, type WeightedMean } from "../instruments/tdigest.ts";
import { Slot } from "../memory/activity.ts";
import type { Arena } from "../memory/arena.ts";
import { readPointer } from "../memory/bank.ts";
import type { Series, SlotPlace } from "./series.ts";

/** The points of one or more digests. */
export interface Points {
  readonly points: WeightedMean[];
  min: number;
  max: number;
}

const ATTEMPTS = 1000;

/** Everything the digests of `series` hold over all threads. @param now milliseconds since the epoch, for the window */
export function readPoints(arena: Arena, definition: Definition, sources: readonly SlotPlace[], now: number): Points {
  const all: Points = { points: [], min: Infinity, max: -Infinity };
  const oldest = definition.maxAgeSeconds > 0 ? now - definition.maxAgeSeconds * 1000 : -Infinity;
  for (const { slots, index } of sources) {
    for (let step = 0; step < definition.ageBuckets; step++) {
      const digest = index + Slot.summary.digests + step * Digest.length;
      if (slots[digest + Digest.started]! >= oldest) gather(arena, slots, digest, all);
    }
  }
  return all;
}

/** A summary's quantiles over all threads, in the definition's order; NaN where nothing was observed. */
export function readQuantiles(arena: Arena, definition: Definition, series: Series, now: number): number[] {
  const { points, min, max } = readPoints(arena, definition, series.sources, now);
  points.sort((a, b) => a.mean - b.mean);
  return definition.quantiles.map((q) => quantileOf(points, min, max, q));
}

/** Adds one digest's centroids and buffered observations, as they were at one moment. */
function gather(arena: Arena, slots: Float64Array, digest: number, into: Points): void {
  const words = new Int32Array(slots.buffer, slots.byteOffset, slots.length * 2);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const bank = readPointer(arena, slots, digest + Digest.bank);
    const state = Atomics.load(words, digest * 2);
    // A state of the epoch before: its buffer is in this bank already, and about to be emptied.
    const buffered = state >>> DIGEST_EPOCH_SHIFT === bank.epoch ? state & DIGEST_LENGTH_MASK : 0;
    const found: Points = { points: [], min: Infinity, max: -Infinity };
    if (bank.slots) {
      const { index } = bank;
      found.min = bank.slots[index + DigestBank.min]!;
      found.max = bank.slots[index + DigestBank.max]!;
      const length = bank.slots[index + DigestBank.length]!;
      for (let i = index + DigestBank.centroids; i < index + DigestBank.centroids + length; i++) {
        found.points.push({ mean: bank.slots[i]!, weight: bank.slots[i + MOST_CENTROIDS]! });
      }
    }
    for (let i = 0; i < buffered; i++) {
      const value = slots[digest + Digest.buffer + i]!;
      found.points.push({ mean: value, weight: 1 });
      found.min = Math.min(found.min, value);
      found.max = Math.max(found.max, value);
    }
    if (readPointer(arena, slots, digest + Digest.bank).raw !== bank.raw) continue;
    into.points.push(...found.points);
    into.min = Math.min(into.min, found.min);
    into.max = Math.max(into.max, found.max);
    return;
  }
}
