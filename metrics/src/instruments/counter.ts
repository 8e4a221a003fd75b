import { mistake, shown } from "../errors.ts";
import type { SeriesPlace } from "../memory/region.ts";
import type { ExemplarLabels } from "../registry/recorder.ts";
import { EXEMPLAR_SLOTS, ExemplarWriter } from "./exemplar.ts";
import { Handle } from "./handle.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";

/** One series that only goes up. */
export class CounterHandle extends Handle {
  /**
   * Adds `value`. Exact for whole numbers up to 2^53.
   * @param value finite, not negative. @default 1
   * @param exemplar labels of an example, kept when the metric has exemplars
   * @throws MetricsError COUNTER_INCREMENT
   */
  inc(value = 1, exemplar?: ExemplarLabels): void {
    if (typeof value !== "number" || !(value >= 0) || value === Infinity) throw wrongIncrement(value);
    if (this.index < 0) this.heir().inc(value, exemplar);
    else this.slots[this.index]! += value;
  }
}

function wrongIncrement(value: unknown): Error {
  const why = `${shown(value)} is not a finite number of at least 0.`;
  return mistake("COUNTER_INCREMENT", "inc", why, "Count up only; use a gauge for what goes down.");
}

class ExemplarCounterHandle extends CounterHandle {
  override inc(value = 1, exemplar?: ExemplarLabels): void {
    super.inc(value, exemplar);
    if (this.index >= 0) (this.owner as Counter).exemplars.offer(this, 1, 0, value, exemplar);
  }
}

/** A counter with labels: see {@link CounterHandle}. */
export class Counter<L extends object = LabelInput> extends Instrument<CounterHandle, L> {
  /** @internal */
  readonly exemplars = new ExemplarWriter(this.recorder);

  /** @internal */
  get slotCount(): number {
    return this.definition.exemplars ? 1 + EXEMPLAR_SLOTS : 1;
  }

  protected make(values: readonly string[], place: SeriesPlace): CounterHandle {
    return new (this.definition.exemplars ? ExemplarCounterHandle : CounterHandle)(this as Counter, values, place);
  }

  /** Adds to the series of a label set; where it is hot, bind the handle once with {@link with}. */
  inc(labels: L, value?: number, exemplar?: ExemplarLabels): void {
    this.find(labels as LabelInput).inc(value, exemplar);
  }
}
