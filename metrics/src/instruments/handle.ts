import type { SeriesPlace } from "../memory/region.ts";

/** What a handle needs of the instrument that made it. */
export interface HandleOwner {
  /** The handle that records a retired handle's label set now: made anew, another one, or the overflow's. */
  heirOf(handle: Handle): Handle;
}

/**
 * One series of one metric, bound to its slots: recording is a bounds check and an addition, no look-up and no allocation.
 * Keep it where you record. A handle belongs to the thread that made it.
 *
 * A handle has slots once. When its series ends it never writes again: it passes on what it is given to the handle that has its
 * label set by then. So none can write into a series that got its memory.
 */
export abstract class Handle {
  /** @internal Slots of this thread. */
  readonly slots: Float64Array;
  /** @internal Below zero once the series has ended. */
  index: number;
  /** @internal Place of its record, or -1 when no reader can see it. */
  readonly record: number;
  /** @internal */
  readonly values: readonly string[];
  protected readonly owner: HandleOwner;

  constructor(owner: HandleOwner, values: readonly string[], place: SeriesPlace) {
    this.owner = owner;
    this.values = values;
    this.slots = place.slots;
    this.index = place.index;
    this.record = place.record;
  }

  /** @internal Cuts the handle off its slots. */
  retire(): void {
    this.index = -1;
  }

  /** The handle to record with instead of this one, which is retired. */
  protected heir(): this {
    return this.owner.heirOf(this) as this;
  }
}
