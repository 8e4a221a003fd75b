import type { SlotRange } from "../memory/region.ts";

/** What a handle needs of the instrument that made it. */
export interface HandleOwner {
  /** Gives a retired handle slots again, as a new series. */
  revive(handle: Handle): void;
}

/**
 * One series of one metric, bound to its slots: recording is a bounds check and an addition, no look-up and no allocation.
 * Keep it where you record. A handle belongs to the thread that made it.
 */
export abstract class Handle {
  /** @internal Slots of this thread; `index` is below zero while the series is retired. */
  slots: Float64Array;
  /** @internal */
  index: number;
  /** @internal Chunk of the arena, or -1. */
  chunk: number;
  /** @internal Its record in the journal (see `Arena.record`), or -1 when no reader can see it. */
  record: number;
  /** @internal */
  readonly values: readonly string[];
  protected readonly owner: HandleOwner;

  constructor(owner: HandleOwner, values: readonly string[], range: SlotRange, record: number) {
    this.owner = owner;
    this.values = values;
    this.slots = range.slots;
    this.index = range.index;
    this.chunk = range.chunk;
    this.record = record;
  }

  /** @internal Points the handle at other slots. */
  bind(range: SlotRange, record: number): void {
    this.slots = range.slots;
    this.index = range.index;
    this.chunk = range.chunk;
    this.record = record;
  }

  /** @internal Cuts the handle off its slots; the next observation starts a new series. */
  retire(): void {
    this.index = -1;
    this.record = -1;
  }

  protected revive(): void {
    this.owner.revive(this);
  }
}
