import { writeNumber } from "./number.ts";

/** Longest text of a float64: sign, 17 digits, point, exponent. */
const LONGEST_NUMBER = 25;
/** Numbers copied at a time: few enough that moving the rest of a block is cheap, enough that a copy is worth its call. */
const BLOCK_CELLS = 64;

/** How much larger than its content a finished buffer may be. */
const LARGEST_WASTE = 1.1;

/** A growing buffer that pages are written to, one after the other. */
export class Sink {
  buffer: Buffer;
  length = 0;

  constructor(capacity: number) {
    // Not from Node's pool: pages keep it as the source of the next rendering.
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes sure that `bytes` more fit. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** What was written. A buffer that grew too far is not kept: pages hold on to it until the next rendering. */
  finish(): Buffer {
    if (this.buffer.length > this.length * LARGEST_WASTE) {
      const exact = Buffer.allocUnsafeSlow(this.length);
      this.buffer.copy(exact, 0, 0, this.length);
      this.buffer = exact;
    }
    return this.buffer.subarray(0, this.length);
  }

  /** Appends text whose every character is one byte. */
  writeLatin1(text: string): void {
    this.reserve(text.length);
    this.buffer.write(text, this.length, "latin1");
    this.length += text.length;
  }
}

/** What one metric's page says beside its numbers. */
export interface Layout {
  /** Before the first series. */
  readonly header: string;
  /** For each number of a series, which of the series' cells it is. */
  readonly pattern: readonly number[];
  /** For series `i`: the text before each number, and last the text after them all. */
  readonly texts: (i: number) => readonly string[];
  /** For each number of a series, which of its exemplars belongs to it. */
  readonly exemplars?: readonly (number | undefined)[];
}

/** UTF-8 text as a string of one character a byte, which is written several times faster. */
const toBytes = (text: string): string => (/^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).toString("latin1"));

/**
 * One metric in one text format. Between two scrapes only numbers change, and most keep their length: so a page is the bytes of
 * the last rendering, copied block by block with the changed numbers written over. Names and labels are turned into text once.
 */
export class Page {
  readonly #pattern: readonly number[];
  readonly #series: number;
  readonly #stride: number;
  /** The last rendering and where it begins. Never written to again: whoever asked for it owns it. */
  #source!: Buffer;
  #start = 0;
  #length = 0;
  /** Of each number: where it begins, from `#start` on, its length, and its value. */
  readonly #offsets: Int32Array;
  readonly #widths: Uint8Array;
  readonly #values: Float64Array;

  /** Renders `values` (`stride` cells a series) to `sink` for the first time. */
  constructor(layout: Layout, series: number, stride: number, values: Float64Array, sink: Sink) {
    this.#pattern = layout.pattern;
    this.#series = series;
    this.#stride = stride;
    const cells = series * layout.pattern.length;
    this.#offsets = new Int32Array(cells);
    this.#widths = new Uint8Array(cells);
    this.#values = new Float64Array(cells);
    this.#start = sink.length;
    sink.writeLatin1(toBytes(layout.header));
    let cell = 0;
    for (let i = 0; i < series; i++) {
      const texts = layout.texts(i);
      for (let p = 0; p < layout.pattern.length; p++) {
        sink.writeLatin1(toBytes(texts[p]!));
        sink.reserve(LONGEST_NUMBER);
        const value = values[i * stride + layout.pattern[p]!]!;
        const end = writeNumber(sink.buffer, sink.length, value);
        this.#offsets[cell] = sink.length - this.#start;
        this.#widths[cell] = end - sink.length;
        this.#values[cell] = value;
        sink.length = end;
        cell++;
      }
      sink.writeLatin1(toBytes(texts[layout.pattern.length]!));
    }
    this.#length = sink.length - this.#start;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes the finished buffer as the source of the next rendering. */
  settle(buffer: Buffer): void {
    this.#source = buffer;
  }

  /** Renders `values` to `sink`, from what was rendered last. */
  render(values: Float64Array, sink: Sink): void {
    const perBlock = Math.max(1, Math.floor(BLOCK_CELLS / Math.max(1, this.#pattern.length)));
    const start = sink.length;
    const from = this.#start;
    this.#start = start;
    let copied = 0;
    for (let first = 0; first < this.#series; first += perBlock) {
      const last = Math.min(this.#series, first + perBlock);
      const end = last === this.#series ? this.#length : this.#offsets[last * this.#pattern.length]!;
      this.#renderBlock(values, sink, first, last, from, copied, end);
      copied = end;
    }
    if (this.#series === 0) this.#copy(sink, from, 0, this.#length);
    this.#length = sink.length - start;
  }

  #copy(sink: Sink, from: number, begin: number, end: number): void {
    sink.reserve(end - begin);
    this.#source.copy(sink.buffer, sink.length, from + begin, from + end);
    sink.length += end - begin;
  }

  /** Copies the source's bytes `begin` to `end`, which hold the numbers of series `first` to `last`, and brings them up to date. */
  #renderBlock(
    values: Float64Array,
    sink: Sink,
    first: number,
    last: number,
    from: number,
    begin: number,
    end: number,
  ): void {
    const pattern = this.#pattern;
    const perSeries = pattern.length;
    sink.reserve(end - begin + (last - first) * perSeries * LONGEST_NUMBER);
    // How far what follows lies from where it lay in the source.
    let shift = sink.length - this.#start - begin;
    this.#copy(sink, from, begin, end);
    const { buffer } = sink;
    for (let i = first; i < last; i++) {
      for (let p = 0; p < perSeries; p++) {
        const cell = i * perSeries + p;
        const value = values[i * this.#stride + pattern[p]!]!;
        const offset = this.#offsets[cell]!;
        this.#offsets[cell] = offset + shift;
        const before = this.#values[cell]!;
        if (value === before) continue;
        this.#values[cell] = value;
        const at = this.#start + offset + shift;
        const width = writeNumber(buffer, at, value) - at;
        const widened = width - this.#widths[cell]!;
        if (widened === 0) continue;
        const rest = offset + this.#widths[cell]!;
        this.#widths[cell] = width;
        shift += widened;
        this.#source.copy(buffer, at + width, from + rest, from + end);
      }
    }
    sink.length = this.#start + end + shift;
  }
}
