/** Ends a bucket's list. */
const NONE = -1;

/**
 * Deadlines of flows by index, in buckets of one tick each: setting, moving and removing one costs the same however many there are, and
 * nothing is swept. A deadline beyond the wheel's last bucket comes up early; whoever set it looks whether it is due and sets it again.
 */
export class TimerWheel {
  readonly #tickMs: number;
  /** First index of each bucket's list. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Bucket of each index; NONE where it has no deadline. */
  readonly #bucketOf: Int16Array;
  /** Number of the last tick that came up; undefined before the first. */
  #tick: number | undefined;

  /**
   * @param capacity indices are below it
   * @param tickMs milliseconds of one bucket @default 250
   * @param buckets @default 512, with ticks of 250 ms: two minutes
   */
  constructor(capacity: number, tickMs = 250, buckets = 512) {
    this.#tickMs = tickMs;
    this.#heads = new Int32Array(buckets).fill(NONE);
    this.#next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
    this.#bucketOf = new Int16Array(capacity).fill(NONE);
  }

  /** Sets the deadline of an index, instead of the one that it had. Milliseconds on the clock that {@link advance} is told. */
  set(index: number, deadlineMs: number): void {
    this.remove(index);
    const buckets = this.#heads.length;
    const now = this.#tick ?? Math.floor(deadlineMs / this.#tickMs) - 1;
    const tick = Math.min(Math.max(Math.ceil(deadlineMs / this.#tickMs), now + 1), now + buckets - 1);
    const bucket = ((tick % buckets) + buckets) % buckets;
    const head = this.#heads[bucket]!;
    this.#next[index] = head;
    this.#previous[index] = NONE;
    if (head !== NONE) this.#previous[head] = index;
    this.#heads[bucket] = index;
    this.#bucketOf[index] = bucket;
  }

  /** Forgets the deadline of an index, if it has one. */
  remove(index: number): void {
    const bucket = this.#bucketOf[index]!;
    if (bucket === NONE) return;
    const [next, previous] = [this.#next[index]!, this.#previous[index]!];
    if (previous === NONE) this.#heads[bucket] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#bucketOf[index] = NONE;
  }

  /** Calls `due` for each index whose bucket came up since the last call; its deadline is forgotten, and may be set again. */
  advance(nowMs: number, due: (index: number) => void): void {
    const buckets = this.#heads.length;
    const to = Math.floor(nowMs / this.#tickMs);
    const from = this.#tick ?? to - buckets;
    this.#tick = Math.max(from, to);
    // After a long pause each bucket comes up once.
    for (let tick = Math.max(from + 1, to - buckets + 1); tick <= to; tick++) {
      const bucket = ((tick % buckets) + buckets) % buckets;
      let index = this.#heads[bucket]!;
      this.#heads[bucket] = NONE;
      while (index !== NONE) {
        const next = this.#next[index]!;
        this.#bucketOf[index] = NONE;
        due(index);
        index = next;
      }
    }
  }
}
