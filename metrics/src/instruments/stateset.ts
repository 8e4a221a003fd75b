import { mistake, shown } from "../errors.ts";
import { Slot } from "../memory/activity.ts";
import type { SeriesPlace } from "../memory/region.ts";
import { Handle } from "./handle.ts";
import { Instrument } from "./instrument.ts";
import type { LabelInput } from "./label-values.ts";

/** One series for each state, 1 where it holds. Slots: the number of changes, then one a state. */
export class StateSetHandle<S extends string = string> extends Handle {
  /** Makes `state` hold and no other. @throws MetricsError STATE_UNKNOWN */
  set(state: S): void {
    const chosen = this.#place(state);
    if (this.index < 0) {
      this.heir().set(state);
      return;
    }
    const { length } = (this.owner as unknown as StateSet).definition.states;
    for (let i = 0; i < length; i++) this.slots[this.index + Slot.stateset.states + i] = i === chosen ? 1 : 0;
    this.slots[this.index]! += 1;
  }

  /** Makes `state` hold beside the others. @throws MetricsError STATE_UNKNOWN */
  enable(state: S): void {
    this.#write(state, 1);
  }

  /** Makes `state` no longer hold. @throws MetricsError STATE_UNKNOWN */
  disable(state: S): void {
    this.#write(state, 0);
  }

  #write(state: S, value: 0 | 1): void {
    const place = this.#place(state);
    if (this.index < 0) {
      this.heir().#write(state, value);
      return;
    }
    this.slots[this.index + Slot.stateset.states + place] = value;
    this.slots[this.index]! += 1;
  }

  #place(state: S): number {
    const { name, states } = (this.owner as unknown as StateSet).definition;
    const place = states.indexOf(state);
    if (place < 0)
      throw mistake(
        "STATE_UNKNOWN",
        name,
        `${shown(state)} is not one of its states.`,
        `Use one of ${states.join(", ")}.`,
      );
    return place;
  }
}

/** A set of states with labels: see {@link StateSetHandle}. */
export class StateSet<L extends object = LabelInput, S extends string = string> extends Instrument<
  StateSetHandle<S>,
  L
> {
  /** @internal */
  get slotCount(): number {
    return Slot.stateset.states + this.definition.states.length;
  }

  protected make(values: readonly string[], place: SeriesPlace): StateSetHandle<S> {
    return new StateSetHandle<S>(this as unknown as StateSet, values, place);
  }

  /** See {@link StateSetHandle.set}. */
  set(labels: L, state: S): void {
    this.find(labels as LabelInput).set(state);
  }
}
