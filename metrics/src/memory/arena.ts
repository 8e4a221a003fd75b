import { threadId } from "node:worker_threads";
import { mistake } from "../errors.ts";
import {
  ARENA_OWNER,
  CHUNK_BYTES,
  CHUNK_DOUBLES,
  CHUNK_WORDS,
  FREED,
  HEADER_WORDS,
  Header,
  headerChunks,
  MAGIC,
  MAX_REGIONS,
  OWNER_TABLE_WORD,
  REGION_WORDS,
  RecordWord,
  RegionState,
  RegionWord,
  SeriesState,
} from "./layout.ts";
import { setCellsFor } from "./series-set.ts";

/** Share of the chunks kept for overflow series. */
const RESERVE = 1 / 32;

/** Arenas that this thread has created. */
let arenas = 0;

/** How large the shared memory may become, and what it may hold. */
export interface ArenaOptions {
  /** Most bytes of shared memory. Reserved, not committed: pages cost memory when they are first used. @default 256 MiB */
  readonly maxBytes?: number;
  /** Most distinct label sets over all metrics and threads. @default 10000 */
  readonly maxSeries?: number;
  /** Most labels a metric may have. @default 10 */
  readonly maxLabels?: number;
}

/**
 * One growable SharedArrayBuffer that every thread of the process maps: a header, a directory of chunks, and chunks.
 *
 * Threads allocate chunks with one atomic addition, or take those that were given back. Views are fixed-length and cached a chunk: a
 * length-tracking view costs ten times a fixed one for each access.
 */
export class Arena {
  readonly buffer: SharedArrayBuffer;
  /** The header, region table and owner table as Int32 words. */
  readonly words: Int32Array;
  readonly maxChunks: number;
  readonly #doubles: Float64Array[] = [];
  readonly #words: Int32Array[] = [];
  readonly #bytes: Buffer[] = [];

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.maxChunks = new Int32Array(buffer, 0, HEADER_WORDS)[Header.maxChunks] as number;
    this.words = new Int32Array(buffer, 0, OWNER_TABLE_WORD + this.maxChunks);
  }

  /** A new, empty arena. */
  static create(options: ArenaOptions = {}): Arena {
    const { maxBytes = 256 * 1024 * 1024, maxSeries = 10_000, maxLabels = 10 } = options;
    const cells = setCellsFor(maxSeries);
    const maxChunks = Math.floor(maxBytes / CHUNK_BYTES);
    const header = headerChunks(maxChunks);
    const reserved = header + Math.ceil((cells * 4) / CHUNK_BYTES);
    if (reserved + 2 > maxChunks) {
      const least = (reserved + 2) * CHUNK_BYTES;
      const why = `${maxBytes} bytes cannot hold the directory of ${maxSeries} series.`;
      throw mistake("ARENA_TOO_SMALL", "memory.maxBytes", why, `Allow at least ${least} bytes.`);
    }
    const buffer = new SharedArrayBuffer(reserved * CHUNK_BYTES, { maxByteLength: maxChunks * CHUNK_BYTES });
    const words = new Int32Array(buffer, 0, OWNER_TABLE_WORD + maxChunks);
    words[Header.magic] = MAGIC;
    words[Header.maxChunks] = maxChunks;
    words[Header.nextChunk] = reserved;
    words[Header.seriesLimit] = maxSeries;
    words[Header.labelLimit] = maxLabels;
    words[Header.creatorThread] = threadId;
    words[Header.arenaNumber] = ++arenas;
    words[Header.setOffset] = header * CHUNK_BYTES;
    words[Header.setCells] = cells;
    words.fill(ARENA_OWNER, OWNER_TABLE_WORD, OWNER_TABLE_WORD + reserved);
    return new Arena(buffer);
  }

  /** The arena that another thread created. */
  static attach(buffer: SharedArrayBuffer): Arena {
    if (new Int32Array(buffer, 0, 1)[0] !== MAGIC) {
      const why = "the shared buffer was not made by this version of @skopos/metrics.";
      throw mistake("ARENA_FOREIGN", "attach", why, "Let every thread load the same version of the package.");
    }
    return new Arena(buffer);
  }

  /** A header word, read with sequential consistency. */
  load(word: number): number {
    return Atomics.load(this.words, word);
  }

  /** Bytes of shared memory committed so far. */
  get byteLength(): number {
    return this.buffer.byteLength;
  }

  /**
   * A zeroed chunk for `region` alone, or -1 when the arena is full.
   * @param urgent may use the reserve: for what keeps totals right when there is no memory for details
   */
  allocateChunk(region: number, urgent = false): number {
    if (!urgent && this.maxChunks - this.#end + this.load(Header.freeChunks) <= this.#reserve) return -1;
    const freed = this.#claimFreed(region);
    if (freed >= 0) return freed;
    // A full arena's counter may run past its end for a moment: who reads it goes no further than `maxChunks`.
    const chunk = Atomics.add(this.words, Header.nextChunk, 1);
    if (chunk >= this.maxChunks) {
      Atomics.sub(this.words, Header.nextChunk, 1);
      return -1;
    }
    this.#growTo((chunk + 1) * CHUNK_BYTES);
    Atomics.store(this.words, OWNER_TABLE_WORD + chunk, region + 1);
    return chunk;
  }

  get #reserve(): number {
    return Math.floor(this.maxChunks * RESERVE);
  }

  /** Chunks handed out so far. */
  get #end(): number {
    return Math.min(this.load(Header.nextChunk), this.maxChunks);
  }

  #claimFreed(region: number): number {
    if (this.load(Header.freeChunks) <= 0) return -1;
    const end = this.#end;
    for (let chunk = headerChunks(this.maxChunks); chunk < end; chunk++) {
      if (Atomics.compareExchange(this.words, OWNER_TABLE_WORD + chunk, FREED, region + 1) === FREED) {
        Atomics.sub(this.words, Header.freeChunks, 1);
        return chunk;
      }
    }
    return -1;
  }

  #growTo(bytes: number): void {
    while (this.buffer.byteLength < bytes) {
      try {
        this.buffer.grow(bytes);
      } catch (error) {
        // Another thread may have grown it further in between: then there is nothing left to do.
        if (this.buffer.byteLength < bytes) throw error;
      }
    }
  }

  /** Index of a region claimed for this thread, or -1 when {@link MAX_REGIONS} threads hold one. */
  claimRegion(threadId: number): number {
    for (let region = 0; region < MAX_REGIONS; region++) {
      const at = this.regionWord(region, RegionWord.state);
      if (Atomics.compareExchange(this.words, at, RegionState.free, RegionState.active) === RegionState.free) {
        Atomics.store(this.words, this.regionWord(region, RegionWord.threadId), threadId);
        this.#countRegion(region);
        return region;
      }
    }
    return -1;
  }

  #countRegion(region: number): void {
    for (;;) {
      const used = this.load(Header.regionsUsed);
      if (used > region) return;
      Atomics.compareExchange(this.words, Header.regionsUsed, used, region + 1);
    }
  }

  /** Position in {@link words} of one word of a region's entry. */
  regionWord(region: number, word: number): number {
    return HEADER_WORDS + region * REGION_WORDS + word;
  }

  /** Gives one chunk back, zeroed. */
  releaseChunk(chunk: number): void {
    this.doubles(chunk).fill(0);
    Atomics.store(this.words, OWNER_TABLE_WORD + chunk, FREED);
    Atomics.add(this.words, Header.freeChunks, 1);
    Atomics.store(this.words, Header.exhausted, 0);
  }

  /** Gives every chunk of a region back, and its place among the regions. Nobody may read it any more: see `readers.ts`. */
  releaseRegion(region: number): void {
    const end = this.#end;
    for (let chunk = 0; chunk < end; chunk++) {
      if (this.load(OWNER_TABLE_WORD + chunk) === region + 1) this.releaseChunk(chunk);
    }
    for (const word of [RegionWord.directory, RegionWord.reading]) {
      Atomics.store(this.words, this.regionWord(region, word), 0);
    }
    Atomics.store(this.words, this.regionWord(region, RegionWord.state), RegionState.free);
  }

  /** The words of a record, and where it begins among them. */
  recordWords(place: number): { readonly words: Int32Array; readonly at: number } {
    return { words: this.chunkWords(Math.floor(place / CHUNK_DOUBLES)), at: (place % CHUNK_DOUBLES) * 2 };
  }

  /** One word of a record: see {@link RecordWord}. */
  recordWord(place: number, word: number): number {
    return this.chunkWords(Math.floor(place / CHUNK_DOUBLES))[(place % CHUNK_DOUBLES) * 2 + word]!;
  }

  /** When a series was made: milliseconds since the epoch. */
  created(record: number): number {
    return this.#number(record, RecordWord.created);
  }

  /** Makes a series as old as what was added to it. */
  lowerCreated(record: number, created: number): void {
    const place = (record % CHUNK_DOUBLES) + RecordWord.created / 2;
    const numbers = this.doubles(Math.floor(record / CHUNK_DOUBLES));
    numbers[place] = Math.min(numbers[place]!, created);
  }

  /** A series' state: see {@link SeriesState}. */
  seriesState(record: number): number {
    const { words, at } = this.recordWords(record);
    return Atomics.load(words, at + RecordWord.state);
  }

  /** Changes a series' state if it is `from`. */
  moveSeries(record: number, from: number, to: number): boolean {
    const { words, at } = this.recordWords(record);
    return Atomics.compareExchange(words, at + RecordWord.state, from, to) === from;
  }

  /** Ends a series for good. */
  endSeries(record: number): void {
    const { words, at } = this.recordWords(record);
    Atomics.store(words, at + RecordWord.state, SeriesState.retired);
  }

  /** The activity (see `activity.ts`) at which a reader found the series idle. */
  idleActivity(record: number): number {
    return this.#number(record, RecordWord.idleActivity);
  }

  noteIdle(record: number, activity: number): void {
    const place = (record % CHUNK_DOUBLES) + RecordWord.idleActivity / 2;
    this.doubles(Math.floor(record / CHUNK_DOUBLES))[place] = activity;
  }

  #number(record: number, word: number): number {
    return this.doubles(Math.floor(record / CHUNK_DOUBLES))[(record % CHUNK_DOUBLES) + word / 2]!;
  }

  doubles(chunk: number): Float64Array {
    this.#doubles[chunk] ??= new Float64Array(this.buffer, chunk * CHUNK_BYTES, CHUNK_DOUBLES);
    return this.#doubles[chunk];
  }

  chunkWords(chunk: number): Int32Array {
    this.#words[chunk] ??= new Int32Array(this.buffer, chunk * CHUNK_BYTES, CHUNK_WORDS);
    return this.#words[chunk];
  }

  bytes(chunk: number): Buffer {
    this.#bytes[chunk] ??= Buffer.from(this.buffer as unknown as ArrayBuffer, chunk * CHUNK_BYTES, CHUNK_BYTES);
    return this.#bytes[chunk];
  }
}
