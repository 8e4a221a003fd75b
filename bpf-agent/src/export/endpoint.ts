import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "./batch.ts";
import type { Sender } from "./sender.ts";

/** Why spans were lost on their way to a backend. */
export const lossCauses = ["queue_full", "unavailable", "refused", "rejected", "shutdown"] as const;
export type LossCause = (typeof lossCauses)[number];

/** What is counted of an endpoint. */
export interface EndpointCounts {
  /** The backend accepted spans. */
  exported(spans: number, seconds: number): void;
  lost(spans: number, cause: LossCause): void;
  /** A request failed: it is sent again, or not. */
  failed(why: string): void;
}

export interface EndpointOptions {
  /** Batches sent at once. */
  readonly concurrency: number;
  /** Batches that wait, beside those being sent. */
  readonly queue: number;
  /** How long a batch is sent again before it is given up, in milliseconds. */
  readonly maxElapsedMs: number;
}

/** First and longest pause between two attempts of a batch, in milliseconds. */
const backoff = { first: 500, longest: 5_000 } as const;

/** A backend's own queue: batches that wait, those being sent, and what was lost. Nothing of it holds up another endpoint. */
export class Endpoint {
  readonly #sender: Sender;
  readonly #options: EndpointOptions;
  readonly #counts: EndpointCounts;
  readonly #waiting: { readonly batch: Batch; readonly done: () => void }[] = [];
  readonly #stopped = new AbortController();
  #sending = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #changed = Promise.withResolvers<void>();
  /** Spans that wait or are being sent. */
  inFlight = 0;

  constructor(sender: Sender, options: EndpointOptions, counts: EndpointCounts) {
    this.#sender = sender;
    this.#options = options;
    this.#counts = counts;
  }

  /** Whether one more batch has room. */
  get hasRoom(): boolean {
    return this.#sending + this.#waiting.length < this.#options.concurrency + this.#options.queue;
  }

  /** Resolves when a batch has left. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /**
   * Takes a batch, or counts it as lost if there is no room.
   *
   * @param done called when the batch is not needed any more
   */
  offer(batch: Batch, done: () => void): void {
    if (!this.hasRoom) {
      this.#counts.lost(batch.spans, "queue_full");
      done();
      return;
    }
    this.inFlight += batch.spans;
    this.#waiting.push({ batch, done });
    this.#pump();
  }

  /** Sends what is left for `graceMs` at most; what remains then is lost. */
  stop(graceMs: number): void {
    this.#deadline = performance.now() + graceMs;
    setTimeout(() => this.#stopped.abort(), graceMs).unref();
  }

  /** Resolves when nothing is left to send. */
  async drained(): Promise<void> {
    while (this.inFlight > 0) await this.changed;
    this.#sender.close();
  }

  #pump(): void {
    while (this.#sending < this.#options.concurrency) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#sending++;
      void this.#send(next.batch).then(() => {
        this.#sending--;
        this.inFlight -= next.batch.spans;
        next.done();
        this.#pump();
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      });
    }
  }

  async #send(batch: Batch): Promise<void> {
    const { spans } = batch;
    const request = batch.request();
    const started = performance.now();
    const lost = (count: number, cause: LossCause) => {
      if (count > 0) this.#counts.lost(count, cause);
    };
    for (let pause: number = backoff.first; ; pause = Math.min(2 * pause, backoff.longest)) {
      if (this.#stopped.signal.aborted) return lost(spans, "shutdown");
      const begun = performance.now();
      const outcome = await this.#sender.send(request, this.#stopped.signal);
      if (outcome.kind === "accepted") {
        const rejected = Math.min(outcome.rejected, spans);
        this.#counts.exported(spans - rejected, (performance.now() - begun) / 1000);
        return lost(rejected, "rejected");
      }
      if (!this.#stopped.signal.aborted) this.#counts.failed(outcome.why);
      if (outcome.kind === "refused") return lost(spans, "refused");
      const wait = outcome.afterMs ?? pause * (0.75 + Math.random() / 2);
      const now = performance.now();
      if (now + wait >= this.#deadline) return lost(spans, "shutdown");
      if (now + wait >= started + this.#options.maxElapsedMs) return lost(spans, "unavailable");
      await sleep(wait, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }
}
