import type { Arena } from "./arena.ts";
import { JournalWriter } from "./journal.ts";
import { CHUNK_DOUBLES, Header } from "./layout.ts";

/** Float64 slots that one thread may write: `slots[index]` up to `slots[index + length - 1]`. */
export interface SlotRange {
  readonly slots: Float64Array;
  readonly index: number;
  /** Chunk in the arena, or -1 for slots that nobody reads because the arena was full. */
  readonly chunk: number;
}

/** Slots that no reader will ever see. */
export const unseen = (length: number): SlotRange => ({ slots: new Float64Array(length), index: 0, chunk: -1 });

/** The part of the arena that one thread writes. */
export class Region {
  readonly id: number;
  readonly arena: Arena;
  readonly journal: JournalWriter;
  #chunk = -1;
  #used = CHUNK_DOUBLES;
  /** Ranges given back by expired series, a stack for each length. */
  readonly #free = new Map<number, SlotRange[]>();

  constructor(arena: Arena, id: number) {
    this.arena = arena;
    this.id = id;
    this.journal = new JournalWriter(arena, id);
  }

  /** Zeroed slots. When the arena is full, slots outside it: recording goes on, and {@link Header.unstoredSeries} counts the loss. */
  allocate(length: number): SlotRange {
    const reused = this.#free.get(length)?.pop();
    if (reused) {
      reused.slots.fill(0, reused.index, reused.index + length);
      return reused;
    }
    if (this.#used + length > CHUNK_DOUBLES) {
      const chunk = this.arena.allocateChunk(this.id);
      if (chunk < 0) return this.unstored(length);
      this.#chunk = chunk;
      this.#used = 0;
    }
    const index = this.#used;
    this.#used += length;
    return { slots: this.arena.doubles(this.#chunk), index, chunk: this.#chunk };
  }

  /** Slots that nobody reads, counted. */
  unstored(length: number): SlotRange {
    Atomics.add(this.arena.words, Header.unstoredSeries, 1);
    return unseen(length);
  }

  /** Gives slots back to this thread. No reader may still use them: see `SeriesState`. */
  recycle(range: SlotRange, length: number): void {
    const stack = this.#free.get(length);
    if (stack) stack.push(range);
    else this.#free.set(length, [range]);
  }
}
