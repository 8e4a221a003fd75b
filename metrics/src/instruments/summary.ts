import { Slot } from "../memory/activity.ts";
import { allocateBank, publishBank } from "../memory/bank.ts";
import type { SeriesPlace, SlotRange } from "../memory/region.ts";
import { Handle } from "./handle.ts";
import { type Observer, wrongObservation } from "./histogram.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";
import { BUFFER_LENGTH, MOST_CENTROIDS, mergeObservations, type WeightedMean } from "./tdigest.ts";
import { Timer, unitsPerSecond } from "./timer.ts";

/**
 * Slots of one digest: a word `epoch << 10 | observations in the buffer`, the pointer to its bank, when it started (ms), the buffer.
 * The epoch tells a reader whether the buffer belongs to the bank it sees or is in it already.
 */
export const Digest = { state: 0, bank: 1, started: 2, buffer: 3, length: 3 + BUFFER_LENGTH } as const;
export const DIGEST_EPOCH_SHIFT = 10;
export const DIGEST_LENGTH_MASK = 0x3ff;
const EPOCH_MASK = 0x1f_ffff;
/** Slots of a digest's bank: how many centroids, their weight, smallest and largest observation, means, weights. */
export const DigestBank = {
  length: 0,
  weight: 1,
  min: 2,
  max: 3,
  centroids: 4,
  slots: 4 + 2 * MOST_CENTROIDS,
} as const;

const NO_CENTROIDS = { slots: new Float64Array(0), index: 0, length: 0 };
const sorted = new Float64Array(BUFFER_LENGTH);

/** One series of a summary: count, sum and t-digests, one for each step of the window. */
export class SummaryHandle extends Handle implements Observer {
  readonly #words: Int32Array;
  /** Which digest of the window is written, and where it is. */
  #step = 0;
  #digest = 0;
  #length = 0;
  #epoch = 0;
  readonly #banks: (SlotRange | undefined)[] = [];
  #rotateAt = 0;

  constructor(owner: Summary, values: readonly string[], place: SeriesPlace) {
    super(owner, values, place);
    this.#words = new Int32Array(this.slots.buffer, this.slots.byteOffset, this.slots.length * 2);
    this.#open(0);
  }

  /** @internal */
  override retire(): void {
    for (const bank of this.#banks) this.#recycle(bank);
    super.retire();
  }

  get #instrument(): Summary {
    return this.owner as Summary;
  }

  /** Counts one observation. @throws MetricsError OBSERVATION when the value is not finite */
  observe(value: number): void {
    if (typeof value !== "number" || !(value - value === 0)) throw wrongObservation(value);
    if (this.index < 0) {
      this.heir().observe(value);
      return;
    }
    if (this.#rotateAt > 0 && this.#instrument.recorder.now() >= this.#rotateAt) {
      this.#open((this.#step + 1) % this.#instrument.definition.ageBuckets);
    }
    if (this.#length === BUFFER_LENGTH) this.#merge();
    const { slots, index } = this;
    slots[this.#digest + Digest.buffer + this.#length] = value;
    this.#length++;
    Atomics.store(this.#words, this.#digest * 2, (this.#epoch << DIGEST_EPOCH_SHIFT) | this.#length);
    slots[index]! += 1;
    slots[index + 1]! += value;
  }

  /** Observes the time until the timer stops or is disposed, in the metric's unit. */
  startTimer(): Timer {
    return new Timer((elapsed) => this.observe(elapsed), unitsPerSecond(this.#instrument.definition));
  }

  /** Starts the `step`th digest of the window afresh. */
  #open(step: number): void {
    const { maxAgeSeconds, ageBuckets } = this.#instrument.definition;
    this.#step = step;
    this.#digest = this.index + Slot.summary.digests + step * Digest.length;
    this.#nextEpoch();
    publishBank(this.slots, this.#digest + Digest.bank, undefined, this.#epoch);
    this.#empty();
    this.#recycle(this.#bank);
    this.#bank = undefined;
    const now = this.#instrument.recorder.now();
    this.slots[this.#digest + Digest.started] = now;
    this.#rotateAt = maxAgeSeconds > 0 ? now + (maxAgeSeconds * 1000) / ageBuckets : 0;
  }

  get #bank(): SlotRange | undefined {
    return this.#banks[this.#digest - this.index];
  }

  set #bank(bank: SlotRange | undefined) {
    this.#banks[this.#digest - this.index] = bank;
  }

  /** @internal Adds what another thread recorded before it ended: its points, and its count and sum. */
  absorb(points: readonly WeightedMean[], min: number, max: number, count: number, sum: number): void {
    this.#merge();
    const ascending = points.toSorted((a, b) => a.mean - b.mean);
    const weights = Float64Array.from(ascending, (point) => point.weight);
    if (ascending.length > 0)
      this.#replaceBank(
        Float64Array.from(ascending, (point) => point.mean),
        min,
        max,
        weights,
      );
    this.slots[this.index]! += count;
    this.slots[this.index + 1]! += sum;
  }

  /** Merges the buffer into a fresh bank. */
  #merge(): void {
    const length = this.#length;
    if (length === 0) return;
    const buffer = this.#digest + Digest.buffer;
    const values = length === BUFFER_LENGTH ? sorted : sorted.subarray(0, length);
    for (let i = 0; i < length; i++) values[i] = this.slots[buffer + i]!;
    values.sort();
    this.#replaceBank(values, values[0]!, values[length - 1]!);
  }

  /** Publishes a bank with ascending `values` added, and the buffer empty. */
  #replaceBank(values: Float64Array, min: number, max: number, weights?: Float64Array): void {
    const old = this.#bank;
    const bank = allocateBank(this.#instrument.recorder.region, DigestBank.slots, this.record >= 0);
    const { slots, index } = bank;
    const oldCentroids = old
      ? { slots: old.slots, index: old.index + DigestBank.centroids, length: old.slots[old.index + DigestBank.length]! }
      : NO_CENTROIDS;
    const added = weights ? weights.reduce((a, b) => a + b, 0) : values.length;
    const total = added + (old ? old.slots[old.index + DigestBank.weight]! : 0);
    const target = { slots, index: index + DigestBank.centroids, length: 0 };
    slots[index + DigestBank.length] = mergeObservations(oldCentroids, values, total, target, weights);
    slots[index + DigestBank.weight] = total;
    slots[index + DigestBank.min] = Math.min(old ? old.slots[old.index + DigestBank.min]! : Infinity, min);
    slots[index + DigestBank.max] = Math.max(old ? old.slots[old.index + DigestBank.max]! : -Infinity, max);
    this.#nextEpoch();
    const { region } = this.#instrument.recorder;
    publishBank(this.slots, this.#digest + Digest.bank, region.holds(bank) ? bank : undefined, this.#epoch);
    this.#empty();
    this.#bank = bank;
    this.#recycle(old);
  }

  #nextEpoch(): void {
    this.#epoch = (this.#epoch + 1) & EPOCH_MASK;
  }

  #empty(): void {
    this.#length = 0;
    Atomics.store(this.#words, this.#digest * 2, this.#epoch << DIGEST_EPOCH_SHIFT);
  }

  #recycle(bank: SlotRange | undefined): void {
    if (bank) this.#instrument.recorder.region.retireSlots(bank, DigestBank.slots);
  }
}

/** A summary with labels: see {@link SummaryHandle}. */
export class Summary<L extends object = LabelInput> extends Instrument<SummaryHandle, L> {
  /** @internal */
  get slotCount(): number {
    return Slot.summary.digests + this.definition.ageBuckets * Digest.length;
  }

  protected make(values: readonly string[], place: SeriesPlace): SummaryHandle {
    return new SummaryHandle(this as Summary, values, place);
  }

  observe(labels: L, value: number): void {
    this.find(labels as LabelInput).observe(value);
  }

  startTimer(labels: L): Timer {
    return this.find(labels as LabelInput).startTimer();
  }
}
