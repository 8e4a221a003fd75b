/** Int32 words before the spans. Positions count bytes and wrap at 2^32; the other two count spans. */
const Word = { written: 0, read: 1, pushed: 2, popped: 3 } as const;
const HEADER_BYTES = 64;
/** Bytes before each span: its length; all ones where the rest of the ring is skipped. */
const LENGTH_BYTES = 4;
const SKIP = 0xffff_ffff;

const align = (bytes: number): number => (bytes + 3) & ~3;

/**
 * A bounded ring of encoded spans between a poller and the exporter, in a SharedArrayBuffer. It never blocks: a span that has no room
 * is refused, and the poller decides what becomes of it.
 */
export class SpanChannel {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #data: DataView<SharedArrayBuffer>;

  /** Either end of a channel. @param buffer made by {@link SpanChannel.create} */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#bytes = new Uint8Array(buffer, HEADER_BYTES);
    this.#data = new DataView(buffer, HEADER_BYTES);
  }

  /** @param bytes rounded up to a power of two; a span has about 1200 */
  static create(bytes: number): SpanChannel {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 4096)));
    return new SpanChannel(new SharedArrayBuffer(HEADER_BYTES + size));
  }

  /** Spans that wait. */
  get size(): number {
    return (Atomics.load(this.#words, Word.pushed) - Atomics.load(this.#words, Word.popped)) >>> 0;
  }

  /** Bytes of the ring. */
  get capacityBytes(): number {
    return this.#bytes.length;
  }

  get usedBytes(): number {
    return (Atomics.load(this.#words, Word.written) - Atomics.load(this.#words, Word.read)) >>> 0;
  }

  /** Puts a span in. @returns false where it has no room */
  offer(span: Uint8Array): boolean {
    const needed = LENGTH_BYTES + align(span.length);
    const start = this.#at(Word.written);
    const gap = start + needed > this.#bytes.length ? this.#bytes.length - start : 0;
    if (this.#bytes.length - this.usedBytes < gap + needed) return false;
    if (gap >= LENGTH_BYTES) this.#data.setUint32(start, SKIP, true);
    const at = gap > 0 ? 0 : start;
    this.#data.setUint32(at, span.length, true);
    this.#bytes.set(span, at + LENGTH_BYTES);
    Atomics.add(this.#words, Word.pushed, 1);
    this.#advance(Word.written, gap + needed);
    return true;
  }

  /** Takes copies of up to `most` spans. */
  take(most: number): Uint8Array[] {
    const spans: Uint8Array[] = [];
    while (spans.length < most && this.usedBytes > 0) {
      const at = this.#at(Word.read);
      const length = this.#data.getUint32(at, true);
      if (length === SKIP) {
        this.#advance(Word.read, this.#bytes.length - at);
        continue;
      }
      spans.push(Uint8Array.from(this.#bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length)));
      Atomics.add(this.#words, Word.popped, 1);
      this.#advance(Word.read, LENGTH_BYTES + align(length));
    }
    return spans;
  }

  /** Resolves when a span is put in, at once when one waits, or after a while. */
  async waitForSpans(timeoutMs: number): Promise<void> {
    const written = Atomics.load(this.#words, Word.written);
    if (this.usedBytes > 0) return;
    await Atomics.waitAsync(this.#words, Word.written, written, timeoutMs).value;
  }

  #at(word: number): number {
    return (Atomics.load(this.#words, word) >>> 0) & (this.#bytes.length - 1);
  }

  #advance(word: number, bytes: number): void {
    Atomics.store(this.#words, word, (Atomics.load(this.#words, word) + bytes) | 0);
    Atomics.notify(this.#words, word);
  }
}
