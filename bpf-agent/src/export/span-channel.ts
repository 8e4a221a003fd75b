/** Int32 words before the spans. Positions count bytes and wrap at 2^32; the other two count spans. */
const Word = { written: 0, read: 1, pushed: 2, popped: 3 } as const;
const HEADER_BYTES = 64;
/** Bytes before each span: its length; all ones where the rest of the ring is skipped. */
const LENGTH_BYTES = 4;
const SKIP = 0xffff_ffff;
/** Bytes of a span without Kubernetes metadata. */
const USUAL_SPAN_BYTES = 1_200;

const align = (bytes: number): number => (bytes + 3) & ~3;

/** Wakes the one reader of several channels. */
export class Doorbell {
  readonly buffer: SharedArrayBuffer;
  readonly #rung: Int32Array<SharedArrayBuffer>;

  /** @param buffer of another thread's bell, to share it */
  constructor(buffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.#rung = new Int32Array(buffer);
  }

  ring(): void {
    Atomics.add(this.#rung, 0, 1);
    Atomics.notify(this.#rung, 0);
  }

  /** How often it has rung. Read it before looking into the channels, so that no ring in between is missed. */
  get rings(): number {
    return Atomics.load(this.#rung, 0);
  }

  /** Resolves once it has rung more often than `rings`. */
  async rungSince(rings: number): Promise<void> {
    await Atomics.waitAsync(this.#rung, 0, rings).value;
  }
}

/**
 * A bounded ring of encoded spans between a poller and the exporter, in a SharedArrayBuffer. A span that has no room is rejected, and the
 * poller decides what becomes of it.
 */
export class SpanChannel {
  readonly buffer: SharedArrayBuffer;
  readonly #bell: Doorbell | undefined;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #data: DataView<SharedArrayBuffer>;

  /**
   * Either end of a channel.
   *
   * @param buffer made by {@link SpanChannel.create}
   * @param bell rung when spans are put into an empty channel @default none: the reader looks by itself
   */
  constructor(buffer: SharedArrayBuffer, bell?: Doorbell) {
    this.buffer = buffer;
    this.#bell = bell;
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

  /** Whether it has no room for a span of the usual size, so that encoding one would be for nothing. */
  get isFull(): boolean {
    return this.#bytes.length - this.usedBytes < USUAL_SPAN_BYTES;
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
    const wasEmpty = this.usedBytes === 0;
    this.#advance(Word.written, gap + needed);
    if (wasEmpty) this.#bell?.ring();
    return true;
  }

  /** The same, and waits for room if there is none, blocking the thread. @returns false if there was none in time */
  offerWithin(span: Uint8Array, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const read = Atomics.load(this.#words, Word.read);
      if (this.offer(span)) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.#words, Word.read, read, left);
    }
  }

  /** Passes up to `most` spans on, each as a view that is valid during the call. @returns how many there were */
  take(most: number, onSpan: (span: Uint8Array) => void): number {
    let taken = 0;
    while (taken < most && this.usedBytes > 0) {
      const at = this.#at(Word.read);
      const length = this.#data.getUint32(at, true);
      if (length === SKIP) {
        this.#advance(Word.read, this.#bytes.length - at);
        continue;
      }
      onSpan(this.#bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
      taken++;
      Atomics.add(this.#words, Word.popped, 1);
      this.#advance(Word.read, LENGTH_BYTES + align(length));
    }
    return taken;
  }

  #at(word: number): number {
    return (Atomics.load(this.#words, word) >>> 0) & (this.#bytes.length - 1);
  }

  #advance(word: number, bytes: number): void {
    Atomics.store(this.#words, word, (Atomics.load(this.#words, word) + bytes) | 0);
    Atomics.notify(this.#words, word);
  }
}
