import type { Arena } from "./arena.ts";
import { DirectoryWriter, type Published } from "./directory.ts";
import { Heap } from "./heap.ts";
import { CHUNK_DOUBLES, Header, RecordWord } from "./layout.ts";
import { isUnread, nextEpoch, ReadTurns } from "./readers.ts";
import { recordLength, valuesBytes, writeDefinition, writeSeries } from "./record.ts";

/** Float64 slots that one thread may write: `slots[index]` up to `slots[index + length - 1]`. */
export interface SlotRange {
  readonly slots: Float64Array;
  readonly index: number;
}

/** Slots that no reader will ever see. */
export const unseen = (length: number): SlotRange => ({ slots: new Float64Array(length), index: 0 });

/** A series: where it records, and where it is described. */
export interface SeriesPlace extends SlotRange {
  /** Place of its record, or -1 when no reader can see it. */
  readonly record: number;
}

/** A published metric. */
export interface DefinitionPlace extends Published {
  readonly record: number;
  readonly length: number;
}

/** Memory that was retired and that a reader may still be looking at. */
interface Retired {
  readonly epoch: number;
  readonly heap: Heap;
  readonly place: number;
  readonly length: number;
}

/** Retired ranges that are looked through together, so that doing so costs little each. */
const BATCH = 64;

/** The part of the arena that one thread writes. */
export class Region {
  readonly id: number;
  readonly arena: Arena;
  readonly turns: ReadTurns;
  readonly #slots: Heap;
  readonly #records: Heap;
  readonly #directory: DirectoryWriter;
  /** In the order of their epochs. */
  #retired: Retired[] = [];
  #lookAt = BATCH;

  constructor(arena: Arena, id: number) {
    this.arena = arena;
    this.id = id;
    this.turns = new ReadTurns(arena, id);
    // Apart, so that the numbers that a scrape reads lie close together.
    this.#slots = new Heap(arena, id);
    this.#records = new Heap(arena, id);
    this.#directory = new DirectoryWriter(arena, id, this.#records);
  }

  /** Zeroed slots, or undefined when the arena is full. */
  allocate(length: number): SlotRange | undefined {
    const place = this.#place(length);
    return place < 0 ? undefined : this.#range(place);
  }

  /** Publishes a metric. Undefined when the arena is full. */
  define(json: string): DefinitionPlace | undefined {
    const record = this.#attempt(() => writeDefinition(this.arena, this.#records, json));
    if (record < 0) return undefined;
    const length = recordLength(Buffer.byteLength(json));
    const published = this.#directory.publish(record);
    if (published) return { ...published, record, length };
    this.#records.free(record, length);
    return undefined;
  }

  /** Takes a metric out of sight, and its memory back. Its series must have been retired before. */
  undefine({ entry, record, length }: DefinitionPlace): void {
    this.#directory.withdraw(entry);
    this.#retire([{ heap: this.#records, place: record, length }]);
  }

  /** Publishes a series with zeroed slots. Undefined when the arena is full. @param urgent see `Arena.allocateChunk` */
  series(
    metric: Published,
    values: readonly string[],
    length: number,
    created: number,
    urgent: boolean,
  ): SeriesPlace | undefined {
    const slots = this.#place(length, urgent);
    if (slots < 0) return undefined;
    const record = this.#attempt(() => writeSeries(this.arena, this.#records, metric, values, slots, created, urgent));
    const published = record < 0 ? undefined : this.#directory.publish(record);
    if (published) {
      const { words, at } = this.arena.recordWords(record);
      words[at + RecordWord.entry] = published.entry;
      const { slots: numbers, index } = this.#range(slots);
      return { slots: numbers, index, record };
    }
    this.#slots.free(slots, length);
    if (record >= 0) this.#records.free(record, recordLength(valuesBytes(values)));
    return undefined;
  }

  /** Takes a series out of sight, and its memory back: it is used again once no reader can be looking at it. */
  retire(series: SeriesPlace, values: readonly string[], length: number): void {
    this.arena.endSeries(series.record);
    this.#directory.withdraw(this.arena.recordWord(series.record, RecordWord.entry));
    this.#retire([
      { heap: this.#records, place: series.record, length: recordLength(valuesBytes(values)) },
      { heap: this.#slots, place: this.#placeOf(series), length },
    ]);
  }

  /** Takes slots back that hang on a series which goes on, or was retired just now. */
  retireSlots(range: SlotRange, length: number): void {
    if (this.holds(range)) this.#retire([{ heap: this.#slots, place: this.#placeOf(range), length }]);
  }

  /** Whether slots are in the arena, where readers see them. */
  holds({ slots }: SlotRange): boolean {
    return slots.buffer === (this.arena.buffer as unknown);
  }

  /** Ranges that wait for their readers. */
  get waiting(): number {
    return this.#retired.length;
  }

  #retire(ranges: readonly Omit<Retired, "epoch">[]): void {
    const epoch = nextEpoch(this.arena);
    for (const range of ranges) this.#retired.push({ ...range, epoch });
    if (this.#retired.length >= this.#lookAt) this.#reclaim();
  }

  /** Frees what no reader can be looking at any more. */
  #reclaim(): boolean {
    const { length } = this.#retired;
    // Later ones have later epochs: whoever may read one may read all after it.
    let unread = length > 0 && isUnread(this.arena, this.#retired[length - 1]!.epoch) ? length : 0;
    if (unread === 0) while (unread < length && isUnread(this.arena, this.#retired[unread]!.epoch)) unread++;
    for (const { heap, place, length: size } of this.#retired.splice(0, unread)) heap.free(place, size);
    if (unread > 0) Atomics.store(this.arena.words, Header.exhausted, 0);
    // While a reader holds everything up, looking again at each turn would cost more and more.
    this.#lookAt = Math.max(BATCH, 2 * this.#retired.length);
    return unread > 0;
  }

  #place(length: number, urgent = false): number {
    return this.#attempt(() => this.#slots.allocate(length, urgent));
  }

  /** Tries again with the memory that readers have left meanwhile, before giving up. */
  #attempt(allocate: () => number): number {
    const place = allocate();
    if (place >= 0) return place;
    const again = this.#reclaim() ? allocate() : -1;
    if (again < 0) Atomics.store(this.arena.words, Header.exhausted, 1);
    return again;
  }

  #range(place: number): SlotRange {
    return { slots: this.arena.doubles(Math.floor(place / CHUNK_DOUBLES)), index: place % CHUNK_DOUBLES };
  }

  #placeOf({ slots, index }: SlotRange): number {
    return slots.byteOffset / 8 + index;
  }
}
