import type { Arena } from "./arena.ts";
import { Header, MAX_REGIONS, RegionState, RegionWord } from "./layout.ts";

// Memory that was retired may be in use by a thread that is just reading. So a reader announces the epoch at which it began, and
// whoever retires something counts the epoch up and reuses the memory only when every reader began later, or does not read.
// (Epoch-based reclamation: Fraser, "Practical lock-freedom", 2004, section 5.2.3.) A reader that begins later has seen the
// retirement, as both are sequentially consistent, and looks nothing up there. A thread that ended reads no more.

/** Lets a thread read in turns: what was not retired before `begin` stays as it is until `end`. */
export class ReadTurns {
  readonly #arena: Arena;
  readonly #region: number;
  #depth = 0;

  constructor(arena: Arena, region: number) {
    this.#arena = arena;
    this.#region = region;
  }

  begin(): void {
    if (this.#depth++ > 0) return;
    const { words } = this.#arena;
    // In this order: an announcement without its epoch would let memory go that is being read.
    Atomics.store(words, this.#arena.regionWord(this.#region, RegionWord.readEpoch), this.#arena.load(Header.epoch));
    Atomics.store(words, this.#arena.regionWord(this.#region, RegionWord.reading), 1);
  }

  end(): void {
    if (--this.#depth > 0) return;
    Atomics.store(this.#arena.words, this.#arena.regionWord(this.#region, RegionWord.reading), 0);
  }
}

/** The epoch of something that is retired now. */
export const nextEpoch = (arena: Arena): number => (Atomics.add(arena.words, Header.epoch, 1) + 1) | 0;

/** Whether no thread can still read what was retired at `epoch`. */
export function isUnread(arena: Arena, epoch: number): boolean {
  const regions = Math.min(MAX_REGIONS, arena.load(Header.regionsUsed));
  for (let region = 0; region < regions; region++) {
    if (arena.load(arena.regionWord(region, RegionWord.reading)) === 0) continue;
    if (arena.load(arena.regionWord(region, RegionWord.state)) !== RegionState.active) continue;
    // The epoch wraps: only the distance counts.
    if (((arena.load(arena.regionWord(region, RegionWord.readEpoch)) - epoch) | 0) < 0) return false;
  }
  return true;
}
