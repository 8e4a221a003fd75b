import type { Arena } from "./arena.ts";
import type { Heap } from "./heap.ts";
import { BLOCK_DOUBLES, BLOCK_ENTRIES, BlockWord, CHUNK_WORDS, EntryWord, RegionWord } from "./layout.ts";

/** Where a published record stands in its thread's directory. */
export interface Published {
  /** Number of the entry. */
  readonly entry: number;
  /** Never the same twice for one entry, within 2^32 publications. */
  readonly generation: number;
}

/** Words of a block, and where it begins among them. */
interface Block {
  readonly words: Int32Array;
  readonly at: number;
}

function blockAt(arena: Arena, place: number): Block {
  const word = place * 2;
  return { words: arena.chunkWords(Math.floor(word / CHUNK_WORDS)), at: word % CHUNK_WORDS };
}

const entryWord = (block: Block, entry: number): number =>
  block.at + BlockWord.entries + (entry % BLOCK_ENTRIES) * EntryWord.length;

/**
 * The list in which one thread tells the others, without a message, which metrics and series it has. Entries are used again; each
 * publication has a generation of its own, so a reader that remembers generations sees what came, went, or was replaced. A record
 * becomes visible by one atomic store: a thread that dies in between leaves nothing half-written.
 */
export class DirectoryWriter {
  readonly #arena: Arena;
  readonly #region: number;
  readonly #heap: Heap;
  readonly #blocks: Block[] = [];
  readonly #free: number[] = [];
  #length = 0;
  #generation = 0;

  constructor(arena: Arena, region: number, heap: Heap) {
    this.#arena = arena;
    this.#region = region;
    this.#heap = heap;
  }

  /** Makes a finished record visible. Undefined when the arena is full. */
  publish(record: number): Published | undefined {
    const entry = this.#free.pop() ?? this.#append();
    if (entry < 0) return undefined;
    const block = this.#blocks[Math.floor(entry / BLOCK_ENTRIES)]!;
    const at = entryWord(block, entry);
    this.#generation = (this.#generation + 1) | 0 || 1;
    // Both atomic: a reader that finds the new record under the old generation notices that the generation is no longer that.
    Atomics.store(block.words, at + EntryWord.record, record);
    Atomics.store(block.words, at + EntryWord.generation, this.#generation);
    this.#changed(block);
    return { entry, generation: this.#generation };
  }

  /** Takes a record out of sight. Threads that are reading may still use it: see `readers.ts`. */
  withdraw(entry: number): void {
    const block = this.#blocks[Math.floor(entry / BLOCK_ENTRIES)]!;
    Atomics.store(block.words, entryWord(block, entry) + EntryWord.generation, 0);
    this.#free.push(entry);
    this.#changed(block);
  }

  #changed(block: Block): void {
    Atomics.add(block.words, block.at + BlockWord.changes, 1);
    Atomics.add(this.#arena.words, this.#arena.regionWord(this.#region, RegionWord.changes), 1);
  }

  /** The next unused entry, or -1. */
  #append(): number {
    if (this.#length === this.#blocks.length * BLOCK_ENTRIES) {
      const place = this.#heap.allocate(BLOCK_DOUBLES, true);
      if (place < 0) return -1;
      const last = this.#blocks.at(-1);
      this.#blocks.push(blockAt(this.#arena, place));
      if (last) Atomics.store(last.words, last.at + BlockWord.next, place + 1);
      else {
        const first = this.#arena.regionWord(this.#region, RegionWord.directory);
        Atomics.store(this.#arena.words, first, place + 1);
      }
    }
    return this.#length++;
  }
}

/** What changed in a directory since the last time. */
export interface DirectoryChanges {
  /** Entries whose record is gone or replaced. */
  readonly gone: (entry: number) => void;
  /** Entries with a record that was not there. */
  readonly came: (entry: number, generation: number, record: number) => void;
}

/** Reads a directory from any thread, within its read turns. */
export class DirectoryReader {
  readonly #arena: Arena;
  readonly #region: number;
  readonly #blocks: Block[] = [];
  /** The generation that was last seen of each entry. */
  #seen = new Int32Array(BLOCK_ENTRIES);
  #changes: number | undefined;
  /** The same of each block, so that those without a change are not looked through. */
  readonly #blockChanges: number[] = [];

  constructor(arena: Arena, region: number) {
    this.#arena = arena;
    this.#region = region;
  }

  /** Reports what changed since the last call: all that went before all that came. */
  update({ gone, came }: DirectoryChanges): void {
    const changes = this.#arena.load(this.#arena.regionWord(this.#region, RegionWord.changes));
    if (changes === this.#changes) return;
    this.#changes = changes;
    this.#findBlocks();
    const arrived: number[] = [];
    for (const [n, block] of this.#blocks.entries()) {
      const blockChanges = Atomics.load(block.words, block.at + BlockWord.changes);
      if (blockChanges === this.#blockChanges[n]) continue;
      this.#blockChanges[n] = blockChanges;
      this.#compare(block, n * BLOCK_ENTRIES, gone, arrived);
    }
    for (const entry of arrived) {
      const { generation, record } = this.look(entry);
      // Gone or replaced while this was read: then `changes` has changed, too, and the next call sees it.
      if (generation === 0) continue;
      this.#seen[entry] = generation;
      came(entry, generation, record);
    }
  }

  /** Reports what is gone from a block, and notes which entries hold what was not there. */
  #compare(block: Block, first: number, gone: DirectoryChanges["gone"], arrived: number[]): void {
    for (let entry = first; entry < first + BLOCK_ENTRIES; entry++) {
      const generation = Atomics.load(block.words, entryWord(block, entry) + EntryWord.generation);
      const before = this.#seen[entry]!;
      if (generation === before) continue;
      this.#seen[entry] = 0;
      if (before !== 0) gone(entry);
      if (generation !== 0) arrived.push(entry);
    }
  }

  /** What an entry says now; generation 0 when there is nothing, or it is being replaced. */
  look(entry: number): { generation: number; record: number } {
    const block = this.#blocks[Math.floor(entry / BLOCK_ENTRIES)];
    if (block === undefined) return { generation: 0, record: 0 };
    const at = entryWord(block, entry);
    const generation = Atomics.load(block.words, at + EntryWord.generation);
    const record = Atomics.load(block.words, at + EntryWord.record);
    const unchanged = Atomics.load(block.words, at + EntryWord.generation) === generation;
    return { generation: unchanged ? generation : 0, record };
  }

  /** Counts an entry as reported, in this generation. */
  note(entry: number, generation: number): void {
    this.#seen[entry] = generation;
  }

  #findBlocks(): void {
    for (;;) {
      const last = this.#blocks.at(-1);
      const next = last
        ? Atomics.load(last.words, last.at + BlockWord.next)
        : this.#arena.load(this.#arena.regionWord(this.#region, RegionWord.directory));
      if (next === 0) break;
      this.#blocks.push(blockAt(this.#arena, next - 1));
    }
    const length = this.#blocks.length * BLOCK_ENTRIES;
    if (length <= this.#seen.length) return;
    const grown = new Int32Array(Math.max(length, this.#seen.length * 2));
    grown.set(this.#seen);
    this.#seen = grown;
  }
}
