import { mistake, shown } from "../errors.ts";
import { Header } from "../memory/layout.ts";
import type { SeriesPlace } from "../memory/region.ts";
import { Handle } from "./handle.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";
import { Timer, unitsPerSecond } from "./timer.ts";

/** One series that goes up and down. Slots: the value, and how often it was changed: zero means "not set in this thread". */
export class GaugeHandle extends Handle {
  /**
   * Sets the value, in this thread: `aggregate` in the definition says what becomes of several threads' values.
   * @param value any number; NaN and infinities are exposed as they are
   * @throws MetricsError GAUGE_VALUE when it is not a number
   */
  set(value: number): void {
    if (typeof value !== "number") throw notANumber("set", value);
    if (this.index < 0) {
      this.heir().set(value);
      return;
    }
    const { slots, index } = this;
    slots[index] = value;
    slots[index + 1]! += 1;
  }

  /** @param value @default 1 @throws MetricsError GAUGE_VALUE */
  inc(value = 1): void {
    if (typeof value !== "number") throw notANumber("inc", value);
    if (this.index < 0) {
      this.heir().inc(value);
      return;
    }
    const { slots, index } = this;
    slots[index]! += value;
    slots[index + 1]! += 1;
  }

  /** @param value @default 1 @throws MetricsError GAUGE_VALUE */
  dec(value = 1): void {
    if (typeof value !== "number") throw notANumber("dec", value);
    this.inc(-value);
  }

  /** Sets the current time in seconds since the epoch. */
  setToCurrentTime(): void {
    this.set((this.owner as Gauge).recorder.now() / 1000);
  }

  /** Counts something in flight: up now, down when the guard is disposed, once. `using guard = inFlight.track();` */
  track(): Disposable {
    this.inc();
    let open = true;
    return {
      [Symbol.dispose]: () => {
        if (open) this.dec();
        open = false;
      },
    };
  }

  /** Sets the time that passed, in the metric's unit, when the timer stops. */
  startTimer(): Timer {
    return new Timer((elapsed) => this.set(elapsed), unitsPerSecond((this.owner as Gauge).definition));
  }
}

function notANumber(method: string, value: unknown): Error {
  return mistake("GAUGE_VALUE", method, `${shown(value)} is not a number.`, "Convert it first, e.g. with Number().");
}

/** A gauge that keeps the last value set in any thread: its second slot orders the threads' calls. */
class LastGaugeHandle extends GaugeHandle {
  override set(value: number): void {
    if (typeof value !== "number") throw notANumber("set", value);
    if (this.index < 0) {
      this.heir().set(value);
      return;
    }
    const { words } = (this.owner as Gauge).recorder.arena;
    const sequence = Atomics.add(words, Header.sequence, 1) + 1 || 1;
    this.slots[this.index] = value;
    this.slots[this.index + 1] = sequence;
  }

  override inc(value = 1): void {
    if (typeof value !== "number") throw notANumber("inc", value);
    if (this.index < 0) this.heir().inc(value);
    else this.set(this.slots[this.index]! + value);
  }
}

/** A gauge with labels: see {@link GaugeHandle}. */
export class Gauge<L extends object = LabelInput> extends Instrument<GaugeHandle, L> {
  /** @internal */
  get slotCount(): number {
    return 2;
  }

  protected make(values: readonly string[], place: SeriesPlace): GaugeHandle {
    const kind = this.definition.aggregate === "last" ? LastGaugeHandle : GaugeHandle;
    return new kind(this as Gauge, values, place);
  }

  set(labels: L, value: number): void {
    this.find(labels as LabelInput).set(value);
  }

  inc(labels: L, value?: number): void {
    this.find(labels as LabelInput).inc(value);
  }

  dec(labels: L, value?: number): void {
    this.find(labels as LabelInput).dec(value);
  }

  /** See {@link GaugeHandle.track}. */
  track(labels: L): Disposable {
    return this.find(labels as LabelInput).track();
  }
}
