import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, Batches } from "./batch.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Doorbell, SpanChannel } from "./span-channel.ts";

export interface ExporterOptions {
  /** Spans of a batch. */
  readonly maxSpans: number;
  /** Longest time that a span waits for its batch to fill, in milliseconds. */
  readonly maxDelayMs: number;
}

/** How often a batch that fills looks for more spans, in milliseconds. */
const LOOK_MS = 20;

/**
 * Takes spans out of the pollers' channels in batches, and gives each batch to every endpoint. While no endpoint has room, nothing is
 * taken: the channels fill, and pollers defer records. An endpoint without room while another has some loses the batch, and counts it.
 */
export class Exporter {
  readonly #channels: readonly SpanChannel[];
  readonly #bell: Doorbell;
  readonly #endpoints: readonly Endpoint[];
  readonly #batches: Batches;
  readonly #options: ExporterOptions;
  readonly #onBatch: (spans: number) => void;
  #ending = false;
  #filling = 0;

  /** @param onBatch told the spans of each batch */
  constructor(
    channels: readonly SpanChannel[],
    bell: Doorbell,
    endpoints: readonly Endpoint[],
    batches: Batches,
    options: ExporterOptions,
    onBatch: (spans: number) => void,
  ) {
    this.#channels = channels;
    this.#bell = bell;
    this.#endpoints = endpoints;
    this.#batches = batches;
    this.#options = options;
    this.#onBatch = onBatch;
  }

  /** Spans that no endpoint has yet. */
  get waiting(): number {
    return this.#filling + this.#channels.reduce((sum, { size }) => sum + size, 0);
  }

  /** Exports until {@link stop}; resolves when everything is sent or counted as lost. */
  async run(): Promise<void> {
    for (;;) {
      while (!this.#endpoints.some(({ hasRoom }) => hasRoom))
        await Promise.race(this.#endpoints.map(({ changed }) => changed));
      const batch = await this.#collect();
      if (batch.spans > 0) this.#hand(batch);
      else if (this.#ending) break;
    }
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.drained()));
  }

  /** Sends what is left, for `graceMs` at most; what remains then is lost. The pollers must have ended. */
  stop(graceMs: number): void {
    this.#ending = true;
    for (const endpoint of this.#endpoints) endpoint.stop(graceMs);
    this.#bell.ring();
  }

  /** The next batch: full, or as large as it has become after the longest delay. */
  async #collect(): Promise<Batch> {
    const { maxSpans, maxDelayMs } = this.#options;
    const batch = this.#batches.take();
    let deadline = Number.POSITIVE_INFINITY;
    for (;;) {
      const rings = this.#bell.rings;
      for (const channel of this.#channels) channel.take(maxSpans - batch.spans, (span) => batch.add(span));
      this.#filling = batch.spans;
      const now = performance.now();
      if (batch.spans >= maxSpans || now >= deadline || this.#ending) return batch;
      if (batch.spans === 0) await this.#bell.rungSince(rings);
      else {
        deadline = Math.min(deadline, now + maxDelayMs);
        await sleep(Math.min(LOOK_MS, deadline - now));
      }
    }
  }

  #hand(batch: Batch): void {
    this.#onBatch(batch.spans);
    let users = this.#endpoints.length;
    const done = () => {
      users--;
      if (users === 0) this.#batches.giveBack(batch);
    };
    this.#filling = 0;
    for (const endpoint of this.#endpoints) endpoint.offer(batch, done);
  }
}
