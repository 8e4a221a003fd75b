/** Neighbouring slots have one shard: see `shardOf`. */
const TOGETHER = 64;

/** What is kept of a flow whose slot another one has taken before its final record came. */
export interface Displaced {
  readonly ifindex: number;
  readonly recordedNs: number;
  readonly records: number;
  /** Packets and bytes that records have said. */
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly ending: number;
  readonly sinceMs: number;
}

/**
 * The flows of one shard, by kernel slot: columns in typed arrays, no object for a flow. What the kernel counts stays in the kernel;
 * here is what was already recorded of it, so that each record carries the difference.
 */
export class FlowTable {
  /** Flows that the columns have room for. */
  readonly capacity: number;
  /** Generation of the slot; 0 where there is no flow. */
  readonly generation: Uint32Array;
  /** Interface of the first packet. */
  readonly ifindex: Uint32Array;
  /** Time of the last packet: CLOCK_MONOTONIC, milliseconds. */
  readonly lastMs: Float64Array;
  readonly timeoutClass: Uint8Array;
  /** Why the flow is being ended: an `EndReason` by number plus one; 0 while it goes on. */
  readonly ending: Uint8Array;
  /** End of what was recorded: CLOCK_MONOTONIC, nanoseconds. */
  readonly recordedNs: Float64Array;
  /** When that was, on the clock of the deadlines. */
  readonly recordedMs: Float64Array;
  /** Records made so far. */
  readonly records: Uint32Array;
  /** Packets low to high, packets high to low, bytes low to high, bytes high to low that records have said. */
  readonly sent: Float64Array;
  /** Flows in the table. */
  size = 0;
  readonly #shards: number;

  /** @param slots of the kernel's map, of all shards */
  constructor(slots: number, shards: number) {
    this.#shards = shards;
    this.capacity = Math.ceil(Math.ceil(slots / TOGETHER) / shards) * TOGETHER;
    this.generation = new Uint32Array(this.capacity);
    this.ifindex = new Uint32Array(this.capacity);
    this.lastMs = new Float64Array(this.capacity);
    this.timeoutClass = new Uint8Array(this.capacity);
    this.ending = new Uint8Array(this.capacity);
    this.recordedNs = new Float64Array(this.capacity);
    this.recordedMs = new Float64Array(this.capacity);
    this.records = new Uint32Array(this.capacity);
    this.sent = new Float64Array(4 * this.capacity);
  }

  /** Place of a slot of this shard in the columns. */
  indexOf(slot: number): number {
    return Math.floor(Math.floor(slot / TOGETHER) / this.#shards) * TOGETHER + (slot % TOGETHER);
  }

  /** Begins a flow in a place that has none. */
  add(index: number, generation: number, ifindex: number, firstNs: number): void {
    this.generation[index] = generation;
    this.ifindex[index] = ifindex;
    this.lastMs[index] = firstNs / 1e6;
    this.ending[index] = 0;
    this.recordedNs[index] = firstNs;
    this.recordedMs[index] = firstNs / 1e6;
    this.records[index] = 0;
    this.sent.fill(0, 4 * index, 4 * index + 4);
    this.size++;
  }

  remove(index: number): void {
    this.generation[index] = 0;
    this.ending[index] = 0;
    this.size--;
  }

  /** A copy of what a final record needs. */
  save(index: number, sinceMs: number): Displaced {
    const [a = 0, b = 0, c = 0, d = 0] = this.sent.subarray(4 * index, 4 * index + 4);
    return {
      ifindex: this.ifindex[index]!,
      recordedNs: this.recordedNs[index]!,
      records: this.records[index]!,
      packets: [a, b],
      bytes: [c, d],
      ending: this.ending[index]!,
      sinceMs,
    };
  }
}
