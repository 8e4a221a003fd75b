import { mistake, shown } from "../errors.ts";
import type { SeriesPlace } from "../memory/region.ts";
import type { ExemplarLabels } from "../registry/recorder.ts";
import { EXEMPLAR_SLOTS, ExemplarWriter } from "./exemplar.ts";
import { Handle } from "./handle.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";
import { Timer, unitsPerSecond } from "./timer.ts";

/** What histograms and summaries have in common. */
export interface Observer {
  /** @throws MetricsError OBSERVATION when the value is not finite */
  observe(value: number, exemplar?: ExemplarLabels): void;
}

/** @internal */
export function wrongObservation(value: unknown): Error {
  return mistake(
    "OBSERVATION",
    "observe",
    `${shown(value)} is not a finite number.`,
    "Leave out what was not measured.",
  );
}

/** One series of a classic histogram. Slots: one count a bucket, not cumulative, the last for +Inf; then the sum. */
export class HistogramHandle extends Handle implements Observer {
  /** Ascending upper bounds, inclusive. @internal */
  readonly bounds: readonly number[];

  constructor(owner: Histogram, values: readonly string[], place: SeriesPlace) {
    super(owner, values, place);
    this.bounds = owner.definition.buckets;
  }

  /**
   * Counts one observation.
   * @param exemplar labels of an example, kept when the metric has exemplars
   * @throws MetricsError OBSERVATION when the value is not finite
   */
  observe(value: number, exemplar?: ExemplarLabels): void {
    if (typeof value !== "number" || !(value - value === 0)) throw wrongObservation(value);
    if (this.index < 0) {
      this.heir().observe(value, exemplar);
      return;
    }
    // A scan beats a binary search up to some 64 buckets. Nothing that V8 may interrupt lies between the two stores, so a
    // worker that is terminated leaves both or none.
    const { bounds, slots, index } = this;
    const last = bounds.length;
    let bucket = 0;
    while (bucket < last && value > bounds[bucket]!) bucket++;
    slots[index + bucket]! += 1;
    slots[index + last + 1]! += value;
  }

  /** Observes the time until the timer stops or is disposed, in the metric's unit. */
  startTimer(): Timer {
    return new Timer((elapsed) => this.observe(elapsed), unitsPerSecond((this.owner as Histogram).definition));
  }
}

class ExemplarHistogramHandle extends HistogramHandle {
  override observe(value: number, exemplar?: ExemplarLabels): void {
    super.observe(value, exemplar);
    if (this.index < 0) return;
    const { bounds } = this;
    let bucket = bounds.findIndex((bound) => value <= bound);
    if (bucket < 0) bucket = bounds.length;
    (this.owner as Histogram).exemplars.offer(this, bounds.length + 2, bucket, value, exemplar);
  }
}

/** A classic histogram with labels: see {@link HistogramHandle}. */
export class Histogram<L extends object = LabelInput> extends Instrument<HistogramHandle, L> {
  /** @internal */
  readonly exemplars = new ExemplarWriter(this.recorder);

  /** @internal */
  get slotCount(): number {
    const { buckets, exemplars } = this.definition;
    return buckets.length + 2 + (exemplars ? (buckets.length + 1) * EXEMPLAR_SLOTS : 0);
  }

  protected make(values: readonly string[], place: SeriesPlace): HistogramHandle {
    const kind = this.definition.exemplars ? ExemplarHistogramHandle : HistogramHandle;
    return new kind(this as Histogram, values, place);
  }

  observe(labels: L, value: number, exemplar?: ExemplarLabels): void {
    this.find(labels as LabelInput).observe(value, exemplar);
  }

  startTimer(labels: L): Timer {
    return this.find(labels as LabelInput).startTimer();
  }
}
