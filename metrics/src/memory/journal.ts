import type { Arena } from "./arena.ts";
import { CHUNK_BYTES, JOURNAL_START, JournalWord, RecordKind, RecordWord, RegionWord, SeriesState } from "./layout.ts";

/** What one record of a journal says. */
export interface JournalRecord {
  readonly kind: "definition" | "series";
  /** The metric's number in its own thread. */
  readonly metric: number;
  /** The record itself: see {@link Arena.record}. */
  readonly record: number;
  /** A definition's JSON, or nothing. */
  readonly json: string;
  /** A series' label values in label-name order, or nothing. */
  readonly values: readonly string[];
  readonly slotChunk: number;
  readonly slotIndex: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

const align8 = (bytes: number): number => (bytes + 7) & ~7;
const LARGEST_RECORD = CHUNK_BYTES - JOURNAL_START * 4;

/**
 * The append-only log in which one thread tells the others, without a message, which metrics and series it has and where their
 * slots are. A record becomes visible by one atomic store of the chunk's length: a thread that dies in between leaves nothing half-written.
 */
export class JournalWriter {
  readonly #arena: Arena;
  readonly #region: number;
  #chunk = -1;
  #end = 0;

  constructor(arena: Arena, region: number) {
    this.#arena = arena;
    this.#region = region;
  }

  /** Publishes a metric's definition. False when the arena is full or the definition larger than a chunk. */
  define(metric: number, json: string): boolean {
    const at = this.#open(RecordWord.payload * 4 + Buffer.byteLength(json));
    if (at < 0) return false;
    const bytes = this.#arena.bytes(this.#chunk);
    const length = bytes.write(json, (at + RecordWord.payload) * 4, "utf8");
    this.#close(at, RecordKind.definition, metric, RecordWord.payload * 4 + length);
    return true;
  }

  /** Publishes a series. @returns its record, or -1 when the arena is full */
  series(metric: number, values: readonly string[], slotChunk: number, slotIndex: number, created: number): number {
    let size = RecordWord.payload * 4;
    for (const value of values) size += 4 + Buffer.byteLength(value);
    const at = this.#open(size);
    if (at < 0) return at;
    const words = this.#arena.chunkWords(this.#chunk);
    const bytes = this.#arena.bytes(this.#chunk);
    let offset = (at + RecordWord.payload) * 4;
    for (const value of values) {
      const length = bytes.write(value, offset + 4, "utf8");
      bytes.writeInt32LE(length, offset);
      offset += 4 + length;
    }
    words[at + RecordWord.state] = SeriesState.live;
    words[at + RecordWord.slotChunk] = slotChunk;
    words[at + RecordWord.slotIndex] = slotIndex;
    this.#arena.doubles(this.#chunk)[(at + RecordWord.created) / 2] = created;
    this.#close(at, RecordKind.series, metric, size);
    return this.#arena.record(this.#chunk, at);
  }

  /** Word at which a record of `bytes` may be written, or -1. */
  #open(bytes: number): number {
    const size = align8(bytes);
    if (size > LARGEST_RECORD) return -1;
    if (this.#chunk < 0 || this.#end * 4 + size > CHUNK_BYTES) {
      const next = this.#arena.allocateChunk(this.#region);
      if (next < 0) return -1;
      const fresh = this.#arena.chunkWords(next);
      Atomics.store(fresh, JournalWord.committedWords, JOURNAL_START);
      if (this.#chunk < 0) {
        Atomics.store(this.#arena.words, this.#arena.regionWord(this.#region, RegionWord.firstJournal), next);
      } else {
        Atomics.store(this.#arena.chunkWords(this.#chunk), JournalWord.nextChunk, next);
      }
      this.#chunk = next;
      this.#end = JOURNAL_START;
    }
    return this.#end;
  }

  #close(at: number, kind: number, metric: number, bytes: number): void {
    const words = this.#arena.chunkWords(this.#chunk);
    words[at + RecordWord.bytes] = bytes;
    words[at + RecordWord.kind] = kind;
    words[at + RecordWord.metric] = metric;
    this.#end = at + align8(bytes) / 4;
    Atomics.store(words, JournalWord.committedWords, this.#end);
  }
}

/** Reads a journal from any thread, from where it stopped the last time. */
export class JournalReader {
  readonly #arena: Arena;
  readonly #region: number;
  readonly #fresh: Map<number, readonly string[]> | undefined;
  #chunk = 0;
  #at = JOURNAL_START;

  /** @param fresh values of records that this thread made itself, by record: taken from here, each once, instead of read. */
  constructor(arena: Arena, region: number, fresh?: Map<number, readonly string[]>) {
    this.#arena = arena;
    this.#region = region;
    this.#fresh = fresh;
  }

  /** The records published since the last call. */
  *read(): Generator<JournalRecord> {
    // Series made together repeat most of their values: each text is kept once.
    const texts = new Map<string, string>();
    if (this.#chunk === 0) {
      this.#chunk = this.#arena.load(this.#arena.regionWord(this.#region, RegionWord.firstJournal));
    }
    while (this.#chunk !== 0) {
      const words = this.#arena.chunkWords(this.#chunk);
      // The next chunk is linked only after the last commit to this one, so it is read first.
      const next = Atomics.load(words, JournalWord.nextChunk);
      const committed = Atomics.load(words, JournalWord.committedWords);
      while (this.#at < committed) {
        const at = this.#at;
        this.#at = at + align8(words[at + RecordWord.bytes]!) / 4;
        yield this.#decode(words, at, texts);
      }
      if (next === 0) return;
      this.#chunk = next;
      this.#at = JOURNAL_START;
    }
  }

  #decode(words: Int32Array, at: number, texts: Map<string, string>): JournalRecord {
    const bytes = this.#arena.bytes(this.#chunk);
    const end = at * 4 + words[at + RecordWord.bytes]!;
    let offset = (at + RecordWord.payload) * 4;
    const isDefinition = words[at + RecordWord.kind] === RecordKind.definition;
    const values: string[] = [];
    const record = this.#arena.record(this.#chunk, at);
    const fresh = this.#fresh?.get(record);
    this.#fresh?.delete(record);
    while (!isDefinition && fresh === undefined && offset < end) {
      const length = bytes.readInt32LE(offset);
      const text = bytes.toString("utf8", offset + 4, offset + 4 + length);
      const known = texts.get(text);
      if (known === undefined) texts.set(text, text);
      values.push(known ?? text);
      offset += 4 + length;
    }
    return {
      kind: isDefinition ? "definition" : "series",
      metric: words[at + RecordWord.metric]!,
      record,
      json: isDefinition ? bytes.toString("utf8", offset, end) : "",
      // Copied to its exact length: an array that grew keeps room for 17.
      values: fresh ?? values.slice(),
      slotChunk: words[at + RecordWord.slotChunk]!,
      slotIndex: words[at + RecordWord.slotIndex]!,
      created: this.#arena.doubles(this.#chunk)[(at + RecordWord.created) / 2]!,
    };
  }
}
