import { AttributeTable } from "./attributes.ts";
import { type Clock, clockOf } from "./clock.ts";
import { EventView } from "./event-view.ts";
import { FlowView } from "./flow-view.ts";
import { attributeLayout, sizes } from "./layout.ts";

// A ring between two threads: the reader's writes, a shard's reads. Both positions count bytes and wrap at 2^32; both threads wait on
// them with Atomics.wait, so that no message is posted for a batch. The kernel's threads cannot wake such a wait themselves: V8 keeps
// its waiters in a list of its own, and not in a futex. So the thread that the reader calls back copies, and wakes.

/** Int32 words before the messages. */
const Word = { written: 0, read: 1, lost: 2 } as const;
const HEADER_BYTES = 64;

/** Uint32 words before a message's payload; `bytes` includes them. */
const Message = { kind: 0, bytes: 1, count: 2, attributes: 3 } as const;
const MESSAGE_BYTES = 16;
const kinds = { wrap: 0, events: 1, records: 2, finals: 3, clock: 4, end: 5 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

/** How long a writer waits for a shard before it gives up a batch, in milliseconds: a later scan finds what is in it. */
const WAIT_MS = 1000;
/** The same for what does not come again. */
const LAST_WAIT_MS = 30_000;

const align = (bytes: number): number => (bytes + 7) & ~7;

/** A ring's memory, the same in both threads. */
class Memory {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly data: DataView<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.bytes = new Uint8Array(buffer, HEADER_BYTES);
    this.data = new DataView(buffer, HEADER_BYTES);
  }

  get used(): number {
    return (Atomics.load(this.words, Word.written) - Atomics.load(this.words, Word.read)) >>> 0;
  }

  /** Where a position lies: the size is a power of two, so positions may wrap. */
  at(position: number): number {
    return (position >>> 0) & (this.bytes.length - 1);
  }

  advance(word: number, bytes: number): void {
    Atomics.store(this.words, word, (this.words[word]! + bytes) | 0);
    Atomics.notify(this.words, word);
  }
}

/** Memory of a ring. @param bytes rounded up to a power of two */
const ringBuffer = (bytes: number): SharedArrayBuffer =>
  new SharedArrayBuffer(HEADER_BYTES + 2 ** Math.ceil(Math.log2(Math.max(bytes, 1 << 16))));

/** A ring's end in the thread of the reader. */
export class ShardWriter {
  readonly buffer: SharedArrayBuffer;
  /** Whether every batch waits as long as those that do not come again. */
  patient = false;
  readonly #memory: Memory;

  /** @param buffer of a power of two of bytes beside the header: {@link ringBuffer} */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#memory = new Memory(buffer);
  }

  /** Bytes that the shard has not read yet. */
  get used(): number {
    return this.#memory.used;
  }

  /** Elements and clocks given up because the shard read nothing for a second. */
  get lost(): number {
    return Atomics.load(this.#memory.words, Word.lost) >>> 0;
  }

  /** Largest payload of one message. */
  get most(): number {
    return this.#memory.bytes.length / 2 - MESSAGE_BYTES;
  }

  /** Copies a message in and wakes the shard; while it has no room, waits. @returns false when it was given up */
  write(kind: Kind, count: number, parts: readonly Uint8Array[], attributes = 0): boolean {
    const memory = this.#memory;
    const bytes = align(parts.reduce((sum, part) => sum + part.length, MESSAGE_BYTES));
    const start = memory.at(memory.words[Word.written]!);
    // A message lies in one piece: what is left before the ring's end is skipped.
    const gap = start + bytes > memory.bytes.length ? memory.bytes.length - start : 0;
    if (!this.#room(gap + bytes, this.patient || kind === kinds.finals ? LAST_WAIT_MS : WAIT_MS)) {
      Atomics.add(memory.words, Word.lost, Math.max(1, count));
      return false;
    }
    if (gap > 0) memory.data.setUint32(start, kinds.wrap, true);
    let at = gap > 0 ? 0 : start;
    for (const [word, value] of [kind, bytes, count, attributes].entries())
      memory.data.setUint32(at + 4 * word, value, true);
    at += MESSAGE_BYTES;
    for (const part of parts) {
      memory.bytes.set(part, at);
      at += part.length;
    }
    memory.advance(Word.written, gap + bytes);
    return true;
  }

  /** Ends the shard's reading once it has read everything. */
  close(): void {
    this.write(kinds.end, 0, []);
  }

  #room(bytes: number, waitMs: number): boolean {
    const { words, bytes: all } = this.#memory;
    for (;;) {
      const read = Atomics.load(words, Word.read);
      if (all.length - this.#memory.used >= bytes) return true;
      if (Atomics.wait(words, Word.read, read, waitMs) === "timed-out") return false;
    }
  }
}

/** What a shard is told; the views are valid during the call. */
export interface ShardHandlers {
  onEvents?(events: EventView): void;
  /** Flows of a scan, with their attributes if it was asked for them. */
  onRecords?(flows: FlowView): void;
  /** Ended flows, with their attributes. */
  onFinals?(flows: FlowView): void;
  /** A scan or an end is complete. */
  onClock?(clock: Clock): void;
}

/** A ring's end in a shard's thread. */
export class ShardReader {
  readonly #memory: Memory;
  readonly #reasons: Readonly<Record<string, string>>;
  #ended = false;

  /** @param reasons names of the kernel's drop reasons: `FlowReader.dropReasonNames` @default none: reasons are numbers */
  constructor(buffer: SharedArrayBuffer, reasons: Readonly<Record<string, string>> = {}) {
    this.#memory = new Memory(buffer);
    this.#reasons = reasons;
  }

  /**
   * Waits for a message, blocking the thread, and hands over all there are.
   *
   * @param timeoutMs how long to wait for the first @default without end
   * @returns how many there were; -1 once the ring was closed and everything is read.
   */
  take(handlers: ShardHandlers, timeoutMs = Number.POSITIVE_INFINITY): number {
    const { words } = this.#memory;
    const written = Atomics.load(words, Word.written);
    if (this.#ended) return -1;
    if (this.#memory.used === 0) Atomics.wait(words, Word.written, written, timeoutMs);
    let messages = 0;
    for (; this.#memory.used > 0; messages++) this.#message(handlers);
    return messages;
  }

  #message(handlers: ShardHandlers): void {
    const memory = this.#memory;
    const at = memory.at(memory.words[Word.read]!);
    const word = (n: number) => memory.data.getUint32(at + 4 * n, true);
    const kind = word(Message.kind);
    if (kind === kinds.wrap) {
      memory.advance(Word.read, memory.bytes.length - at);
      this.#message(handlers);
      return;
    }
    const [bytes, count, attributes] = [word(Message.bytes), word(Message.count), word(Message.attributes)];
    const payload = memory.bytes.subarray(at + MESSAGE_BYTES, at + bytes);
    const records = count * sizes.record;
    if (kind === kinds.events) handlers.onEvents?.(new EventView(payload, count));
    else if (kind === kinds.records || kind === kinds.finals) {
      const table = payload.subarray(records, records + attributes * attributeLayout.size);
      const view = new FlowView(payload, count, new AttributeTable(table, () => this.#reasons));
      if (kind === kinds.records) handlers.onRecords?.(view);
      else handlers.onFinals?.(view);
    } else if (kind === kinds.end) this.#ended = true;
    else {
      const [jiffies, monotonicNs, realtimeOffsetNs, ringBytes, tickNs] = Array.from({ length: 5 }, (_, n) =>
        memory.data.getFloat64(at + MESSAGE_BYTES + 8 * n, true),
      ) as [number, number, number, number, number];
      handlers.onClock?.(clockOf({ jiffies, monotonicNs, realtimeOffsetNs, ringBytes }, tickNs));
    }
    memory.advance(Word.read, bytes);
  }
}

/** Neighbouring slots have one shard, so that what lies side by side is copied together. */
const SLOTS_TOGETHER_LOG2 = 6;

/** The shard of a flow, from its first event to its final record. */
export const shardOf = (slot: number, shards: number): number => (slot >>> SLOTS_TOGETHER_LOG2) % shards;

/** Spreads what a reader delivers over shards, each flow always to the same one. */
export class ShardRings {
  readonly #writers: readonly ShardWriter[];

  /** @param bytes of each ring, rounded up to a power of two: twice the largest batch that fits @default 8 MiB */
  constructor(shards: number, bytes = 8 << 20, buffers = Array.from({ length: shards }, () => ringBuffer(bytes))) {
    this.#writers = buffers.map((buffer) => new ShardWriter(buffer));
  }

  /** The rings whose memory another thread made: `buffers` of its own ones. Only one thread writes. */
  static over(buffers: readonly SharedArrayBuffer[]): ShardRings {
    return new ShardRings(buffers.length, 0, [...buffers]);
  }

  /** The rings' memory, for `workerData`: each shard reads one. */
  get buffers(): readonly SharedArrayBuffer[] {
    return this.#writers.map(({ buffer }) => buffer);
  }

  /** How full each ring is, and what it lost: a lasting level is a shard that is too slow. */
  get levels(): readonly { readonly usedBytes: number; readonly lost: number }[] {
    return this.#writers.map(({ used, lost }) => ({ usedBytes: used, lost }));
  }

  /** For `ReaderHandlers.onEvents`. */
  events(view: EventView): void {
    this.#spread(kinds.events, view, sizes.event);
  }

  /** For `FlowReader.scan`. */
  records(view: FlowView): void {
    this.#spread(kinds.records, view, sizes.record);
  }

  /** For `FlowReader.end`: with the flows' attributes. */
  finals(view: FlowView): void {
    this.#spread(kinds.finals, view, sizes.record);
  }

  /** Tells every shard that a scan or an end is complete. */
  clock({ jiffies, monotonicNs, realtimeOffsetNs, ringBytes, tickNs }: Clock): void {
    const numbers = Float64Array.of(jiffies, monotonicNs, realtimeOffsetNs, ringBytes, tickNs);
    for (const writer of this.#writers) writer.write(kinds.clock, 0, [new Uint8Array(numbers.buffer)]);
  }

  /** From now on, waits for slow shards: what is delivered is the last of its flows. */
  drain(): void {
    for (const writer of this.#writers) writer.patient = true;
  }

  close(): void {
    for (const writer of this.#writers) writer.close();
  }

  #spread(kind: Kind, view: EventView | FlowView, size: number): void {
    const batches = this.#writers.map((writer) => new Batch(writer, kind, size));
    let first = 0;
    for (let i = 1; i <= view.length; i++) {
      const shard = shardOf(view.slot(first), batches.length);
      if (i < view.length && shardOf(view.slot(i), batches.length) === shard) continue;
      batches[shard]!.add(view, first, i);
      first = i;
    }
    for (const batch of batches) batch.flush();
  }
}

/** Elements on their way to one shard. */
class Batch {
  readonly #writer: ShardWriter;
  readonly #kind: Kind;
  readonly #size: number;
  #parts: Uint8Array[] = [];
  #attributes: Uint8Array[] = [];
  #count = 0;
  #bytes = 0;

  constructor(writer: ShardWriter, kind: Kind, size: number) {
    this.#writer = writer;
    this.#kind = kind;
    this.#size = size;
  }

  /** Adds the elements from `first` to before `last`. */
  add(view: EventView | FlowView, first: number, last: number): void {
    if (view instanceof FlowView && view.hasAttributes) {
      for (let i = first; i < last; i++) this.#addWithAttributes(view, i);
      return;
    }
    for (let at = first; at < last; ) {
      const fits = Math.floor((this.#writer.most - this.#bytes) / this.#size);
      const upTo = Math.min(last, at + fits);
      if (upTo > at) {
        this.#parts.push(view.elements(at, upTo));
        this.#count += upTo - at;
        this.#bytes += (upTo - at) * this.#size;
        at = upTo;
      } else this.flush();
    }
  }

  #addWithAttributes(view: FlowView, index: number): void {
    const attributes = view.attributeEntries(index, this.#count);
    const bytes = this.#size + attributes.length * attributeLayout.size;
    if (this.#bytes + bytes > this.#writer.most) {
      this.flush();
      this.#addWithAttributes(view, index);
      return;
    }
    this.#parts.push(view.elements(index, index + 1));
    // The table is read from its end.
    this.#attributes.unshift(...attributes);
    this.#count++;
    this.#bytes += bytes;
  }

  flush(): void {
    if (this.#count > 0)
      this.#writer.write(this.#kind, this.#count, [...this.#parts, ...this.#attributes], this.#attributes.length);
    this.#parts = [];
    this.#attributes = [];
    this.#count = this.#bytes = 0;
  }
}
