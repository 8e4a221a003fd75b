import type { Arena } from "./arena.ts";
import { Header } from "./layout.ts";

/** Cells looked at for one label set. At a load of at most one half, longer runs do not happen in practice. */
const PROBES = 64;
const COUNT_MASK = 0xff;

/** Cells for `maxSeries` label sets: a power of two, at most half full, never smaller than one probe window. */
export const setCellsFor = (maxSeries: number): number =>
  2 ** Math.ceil(Math.log2(Math.max(2 * maxSeries, 2 * PROBES)));

/**
 * The set of label sets alive in any thread, so that the limit counts a label set once however many threads record to it.
 *
 * Open addressing without locks: a cell is 24 bits of the label set's hash and 8 bits counting the threads that hold it. A
 * count of zero leaves a tombstone. Two label sets that agree in cell and tag would be counted as one: about one in ten
 * million, and it costs no data, only a limit that is one higher.
 */
export class SeriesSet {
  readonly #arena: Arena;
  readonly #cells: Int32Array;
  readonly #mask: number;

  constructor(arena: Arena) {
    this.#arena = arena;
    const cells = arena.load(Header.setCells);
    this.#cells = new Int32Array(arena.buffer, arena.load(Header.setOffset), cells);
    this.#mask = cells - 1;
  }

  /** Takes one reference to a label set. False when it is new and the registry is full. */
  acquire(key: SeriesKey): boolean {
    const { tag, home } = key;
    for (;;) {
      let free = -1;
      let freeValue = 0;
      let held = false;
      for (let probe = 0; probe < PROBES; probe++) {
        const at = (home + probe) & this.#mask;
        const cell = Atomics.load(this.#cells, at);
        if ((cell & COUNT_MASK) !== 0 && (cell & ~COUNT_MASK) === tag) {
          held = true;
          if (Atomics.compareExchange(this.#cells, at, cell, cell + 1) === cell) return true;
          break;
        }
        if ((cell & COUNT_MASK) === 0 && free < 0) {
          free = at;
          freeValue = cell;
        }
        if (cell === 0) break;
      }
      if (held) continue;
      if (free < 0 || !this.#reserve()) return false;
      if (Atomics.compareExchange(this.#cells, free, freeValue, tag | 1) === freeValue) return true;
      Atomics.sub(this.#arena.words, Header.seriesCount, 1);
    }
  }

  /** Gives one reference back; the last one frees the label set's place. */
  release(key: SeriesKey): void {
    const { tag, home } = key;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (home + probe) & this.#mask;
      for (;;) {
        const cell = Atomics.load(this.#cells, at);
        if (cell === 0) return;
        if ((cell & COUNT_MASK) === 0 || (cell & ~COUNT_MASK) !== tag) break;
        if (Atomics.compareExchange(this.#cells, at, cell, cell - 1) !== cell) continue;
        if ((cell & COUNT_MASK) === 1) Atomics.sub(this.#arena.words, Header.seriesCount, 1);
        return;
      }
    }
  }

  #reserve(): boolean {
    const limit = this.#arena.load(Header.seriesLimit);
    if (Atomics.add(this.#arena.words, Header.seriesCount, 1) < limit) return true;
    Atomics.sub(this.#arena.words, Header.seriesCount, 1);
    return false;
  }
}

/** Where a label set belongs in the set. */
export interface SeriesKey {
  /** 24 bits, shifted over the count; never zero. */
  readonly tag: number;
  readonly home: number;
}

/**
 * The key of a metric's label set: two 32-bit FNV-1a hashes (http://www.isthe.com/chongo/tech/comp/fnv/). Each string is ended by a
 * unit that no string contains, so that moving a character from one value to the next changes the hash.
 */
export function seriesKey(name: string, values: readonly string[]): SeriesKey {
  let tag = 0x811c9dc5;
  let home = 0x050c5d1f;
  const mix = (unit: number) => {
    tag = Math.imul(tag ^ unit, 0x01000193);
    home = Math.imul(home ^ unit, 0x01000193);
  };
  const mixText = (text: string) => {
    for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
    mix(0x1_0000);
  };
  mixText(name);
  values.forEach(mixText);
  return { tag: (avalanche(tag) >>> 8 || 1) << 8, home: avalanche(home) >>> 0 };
}

/** MurmurHash3's 32-bit finaliser: spreads every input bit over the whole word. */
function avalanche(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
