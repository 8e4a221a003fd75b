import { Slot } from "../memory/activity.ts";
import { allocateBank, publishBank } from "../memory/bank.ts";
import type { SeriesPlace, SlotRange } from "../memory/region.ts";
import type { ExponentialValue } from "../read/exponential.ts";
import type { ExemplarLabels } from "../registry/recorder.ts";
import { EXEMPLAR_SLOTS, ExemplarWriter } from "./exemplar.ts";
import { bucketIndex, coarser, MAX_SCHEMA, MIN_SCHEMA, schemaFor, ZERO_THRESHOLD } from "./exponential-index.ts";
import { Handle } from "./handle.ts";
import { type Observer, wrongObservation } from "./histogram.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";
import { Timer, unitsPerSecond } from "./timer.ts";

/** Where a bank keeps what its readers need; the counts follow, bucket `i` in cell `i & (cells - 1)`. */
export const ExponentialBank = { schema: 0, low: 1, high: 2, counts: 3 } as const;
/** Exemplars of an exponential histogram: the last few, in turn. */
export const EXPONENTIAL_EXEMPLARS = 4;

/** Cells of one bank: a power of two; 128 at least, so that at the coarsest schema every float has its bucket. */
export const cellsFor = (maxBuckets: number): number => 2 ** Math.ceil(Math.log2(Math.max(128, maxBuckets)));

/** The buckets on one side of zero. `low > high` while there is none. */
class Side {
  range: SlotRange;
  low = 1;
  high = 0;
  epoch = 0;

  constructor(range: SlotRange) {
    this.range = range;
  }
}

/** One series of an exponential histogram. When its buckets become too many, it halves its resolution. */
export class ExponentialHandle extends Handle implements Observer {
  #shift = 0;
  #mask = 0;
  #positive: Side | undefined;
  #negative: Side | undefined;

  constructor(owner: ExponentialHistogram, values: readonly string[], place: SeriesPlace) {
    super(owner, values, place);
    const { bucketFactor, maxBuckets } = owner.definition;
    this.#shift = MAX_SCHEMA - schemaFor(bucketFactor);
    this.#mask = cellsFor(maxBuckets) - 1;
  }

  /** @internal */
  override retire(): void {
    const { region } = this.#instrument.recorder;
    for (const side of [this.#positive, this.#negative]) {
      if (side) region.retireSlots(side.range, this.#bankLength);
    }
    super.retire();
  }

  get #instrument(): ExponentialHistogram {
    return this.owner as ExponentialHistogram;
  }

  get #bankLength(): number {
    return ExponentialBank.counts + this.#mask + 1;
  }

  /** Counts one observation. @throws MetricsError OBSERVATION when the value is not finite */
  observe(value: number, exemplar?: ExemplarLabels): void {
    if (typeof value !== "number" || !(value - value === 0)) throw wrongObservation(value);
    if (this.index < 0) {
      this.heir().observe(value, exemplar);
      return;
    }
    if (value > ZERO_THRESHOLD) {
      let bucket = bucketIndex(value, this.#shift);
      let side = this.#positive;
      if (side === undefined || bucket < side.low || bucket > side.high) {
        const shift = this.#shift;
        side = this.#makeRoom(bucket, shift, 1);
        bucket = coarser(bucket, this.#shift - shift);
      }
      side.range.slots[side.range.index + ExponentialBank.counts + (bucket & this.#mask)]! += 1;
    } else if (value < -ZERO_THRESHOLD) {
      this.#add(bucketIndex(-value, this.#shift), this.#shift, -1, 1);
    } else {
      this.slots[this.index + Slot.exponential.zeros]! += 1;
    }
    this.slots[this.index]! += 1;
    this.slots[this.index + 1]! += value;
  }

  /** Observes the time until the timer stops or is disposed, in the metric's unit. */
  startTimer(): Timer {
    return new Timer((elapsed) => this.observe(elapsed), unitsPerSecond(this.#instrument.definition));
  }

  /** @internal Adds what another thread recorded before it ended. */
  absorb(value: ExponentialValue): void {
    const shift = MAX_SCHEMA - value.schema;
    while (this.#shift < shift) this.#coarsen();
    for (const [sign, { offset, counts }] of [[1, value.positive] as const, [-1, value.negative] as const]) {
      for (const [i, count] of counts.entries()) if (count > 0) this.#add(offset + i, shift, sign, count);
    }
    this.slots[this.index + Slot.exponential.zeros]! += value.zeroCount;
    this.slots[this.index]! += value.count;
    this.slots[this.index + 1]! += value.sum;
  }

  /** Adds `count` to bucket `index` of the schema `8 - shift`, which is not coarser than this one's. */
  #add(index: number, shift: number, sign: 1 | -1, count: number): void {
    const { range } = this.#makeRoom(index, shift, sign);
    const bucket = coarser(index, this.#shift - shift);
    range.slots[range.index + ExponentialBank.counts + (bucket & this.#mask)]! += count;
  }

  /** The side of `sign`, with the bucket inside its range. */
  #makeRoom(index: number, shift: number, sign: 1 | -1): Side {
    const side = this.#side(sign);
    for (;;) {
      const bucket = coarser(index, this.#shift - shift);
      const empty = side.low > side.high;
      const low = empty ? bucket : Math.min(side.low, bucket);
      const high = empty ? bucket : Math.max(side.high, bucket);
      const coarsest = this.#shift >= MAX_SCHEMA - MIN_SCHEMA;
      if (high - low < this.#instrument.definition.maxBuckets || coarsest) {
        if (low !== side.low || high !== side.high) {
          side.low = low;
          side.high = high;
          this.#describe(side);
        }
        return side;
      }
      this.#coarsen();
    }
  }

  #side(sign: 1 | -1): Side {
    const known = sign > 0 ? this.#positive : this.#negative;
    if (known) return known;
    const side = new Side(allocateBank(this.#instrument.recorder.region, this.#bankLength, this.record >= 0));
    if (sign > 0) this.#positive = side;
    else this.#negative = side;
    this.#describe(side);
    this.#publish(side);
    return side;
  }

  #coarsen(): void {
    this.#shift++;
    for (const side of [this.#positive, this.#negative]) if (side) this.#halve(side);
  }

  /** Replaces a side's bank by one of half the resolution. */
  #halve(side: Side): void {
    const { region } = this.#instrument.recorder;
    const old = side.range;
    const { low, high } = side;
    side.range = allocateBank(region, this.#bankLength, this.record >= 0);
    const from = old.index + ExponentialBank.counts;
    const to = side.range.index + ExponentialBank.counts;
    for (let i = low; i <= high; i++) {
      side.range.slots[to + (coarser(i, 1) & this.#mask)]! += old.slots[from + (i & this.#mask)]!;
    }
    if (low <= high) {
      side.low = coarser(low, 1);
      side.high = coarser(high, 1);
    }
    this.#describe(side);
    this.#publish(side);
    region.retireSlots(old, this.#bankLength);
  }

  #describe({ range, low, high }: Side): void {
    range.slots[range.index + ExponentialBank.schema] = MAX_SCHEMA - this.#shift;
    range.slots[range.index + ExponentialBank.low] = low;
    range.slots[range.index + ExponentialBank.high] = high;
  }

  #publish(side: Side): void {
    const at = this.index + (side === this.#positive ? Slot.exponential.positive : Slot.exponential.negative);
    const { region } = this.#instrument.recorder;
    publishBank(this.slots, at, region.holds(side.range) ? side.range : undefined, ++side.epoch);
  }
}

class ExemplarExponentialHandle extends ExponentialHandle {
  #next = 0;

  override observe(value: number, exemplar?: ExemplarLabels): void {
    super.observe(value, exemplar);
    if (this.index < 0) return;
    const { exemplars } = this.owner as ExponentialHistogram;
    exemplars.offer(this, Slot.exponential.length, this.#next, value, exemplar);
    this.#next = (this.#next + 1) % EXPONENTIAL_EXEMPLARS;
  }
}

/** An exponential (Prometheus: native) histogram with labels: see {@link ExponentialHandle}. */
export class ExponentialHistogram<L extends object = LabelInput> extends Instrument<ExponentialHandle, L> {
  /** @internal */
  readonly exemplars = new ExemplarWriter(this.recorder);

  /** @internal */
  get slotCount(): number {
    return Slot.exponential.length + (this.definition.exemplars ? EXPONENTIAL_EXEMPLARS * EXEMPLAR_SLOTS : 0);
  }

  protected make(values: readonly string[], place: SeriesPlace): ExponentialHandle {
    const kind = this.definition.exemplars ? ExemplarExponentialHandle : ExponentialHandle;
    return new kind(this as ExponentialHistogram, values, place);
  }

  observe(labels: L, value: number, exemplar?: ExemplarLabels): void {
    this.find(labels as LabelInput).observe(value, exemplar);
  }

  startTimer(labels: L): Timer {
    return this.find(labels as LabelInput).startTimer();
  }
}
