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
 * Threads allocate chunks with one atomic add and never free them themselves. Views are fixed-length and cached a chunk: a
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

  /** A zeroed chunk for `region` alone, or -1 when the arena is full. */
  allocateChunk(region: number): number {
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
        return region;
      }
    }
    return -1;
  }

  /** Position in {@link words} of one word of a region's entry. */
  regionWord(region: number, word: number): number {
    return HEADER_WORDS + region * REGION_WORDS + word;
  }

  /** Zeroes every chunk of a dead region and makes them and the region's entry free again. */
  releaseRegion(region: number): void {
    const end = this.#end;
    for (let chunk = 0; chunk < end; chunk++) {
      if (this.load(OWNER_TABLE_WORD + chunk) !== region + 1) continue;
      this.doubles(chunk).fill(0);
      Atomics.store(this.words, OWNER_TABLE_WORD + chunk, FREED);
      Atomics.add(this.words, Header.freeChunks, 1);
    }
    Atomics.store(this.words, this.regionWord(region, RegionWord.firstJournal), 0);
    Atomics.store(this.words, this.regionWord(region, RegionWord.state), RegionState.free);
  }

  /**
   * Number of a journal record: its position among all Int32 words of the arena. A number, and not an object, because there is one
   * for each series.
   */
  record(chunk: number, at: number): number {
    return chunk * CHUNK_WORDS + at;
  }

  /** A series' state: see {@link SeriesState}. */
  seriesState(record: number): number {
    return Atomics.load(this.#wordsOf(record), (record % CHUNK_WORDS) + RecordWord.state);
  }

  /** Changes a series' state if it is `from`. */
  moveSeries(record: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#wordsOf(record), (record % CHUNK_WORDS) + RecordWord.state, from, to) === from;
  }

  /** Ends a series for good, and lets the readers know. */
  retireSeries(record: number): void {
    Atomics.store(this.#wordsOf(record), (record % CHUNK_WORDS) + RecordWord.state, SeriesState.retired);
    Atomics.add(this.words, Header.retirements, 1);
  }

  /** The activity (see `activity.ts`) at which a reader found a series idle. */
  idleActivity(record: number): number {
    return this.doubles(Math.floor(record / CHUNK_WORDS))[((record % CHUNK_WORDS) + RecordWord.idleActivity) / 2]!;
  }

  noteIdle(record: number, activity: number): void {
    this.doubles(Math.floor(record / CHUNK_WORDS))[((record % CHUNK_WORDS) + RecordWord.idleActivity) / 2] = activity;
  }

  #wordsOf(record: number): Int32Array {
    return this.chunkWords(Math.floor(record / CHUNK_WORDS));
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
