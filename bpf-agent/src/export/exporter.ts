import { setTimeout as sleep } from "node:timers/promises";
import type { HttpSender } from "./http-sender.ts";
import type { RequestBuilder } from "./request.ts";
import type { SpanChannel } from "./span-channel.ts";

/** Why spans were lost on their way to the backend. */
export const lossCauses = ["unavailable", "refused", "rejected", "shutdown"] as const;
export type LossCause = (typeof lossCauses)[number];

/** What an exporter counts. */
export interface ExportCounts {
  /** A batch was taken by the backend. */
  exported(spans: number, seconds: number): void;
  lost(spans: number, cause: LossCause): void;
  batch(spans: number): void;
  /** The backend could not be reached, or did not take a batch: it is tried again, or not. */
  failed(why: string): void;
}

export interface ExporterOptions {
  /** Spans of a batch. */
  readonly maxSpans: number;
  /** Longest time that a span waits for its batch to fill, in milliseconds. */
  readonly maxDelayMs: number;
  /** Batches on their way at once. */
  readonly concurrency: number;
  /** How long a batch is tried again before it is given up, in milliseconds. */
  readonly maxElapsedMs: number;
}

/** First and longest pause between two tries of a batch, in milliseconds. */
const backoff = { first: 500, longest: 5_000 } as const;

/** How long the exporter looks at one channel before it looks at all of them. */
const LOOK_MS = 100;

/**
 * Takes spans out of the pollers' channels, in batches, and sends them. While the backend does not answer, batches are tried again and
 * nothing more is taken: the channels fill, and pollers put records off. Every span that is lost is counted, by cause.
 */
export class Exporter {
  readonly #channels: readonly SpanChannel[];
  readonly #sender: Pick<HttpSender, "send">;
  readonly #requests: RequestBuilder;
  readonly #options: ExporterOptions;
  readonly #counts: ExportCounts;
  readonly #stopped = new AbortController();
  #deadline = Number.POSITIVE_INFINITY;
  #ending = false;
  /** Spans that were taken and are on their way. */
  inFlight = 0;

  constructor(
    channels: readonly SpanChannel[],
    sender: Pick<HttpSender, "send">,
    requests: RequestBuilder,
    options: ExporterOptions,
    counts: ExportCounts,
  ) {
    this.#channels = channels;
    this.#sender = sender;
    this.#requests = requests;
    this.#options = options;
    this.#counts = counts;
  }

  /** Exports until {@link stop}; resolves when everything is sent or counted as lost. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.concurrency }, () => this.#work()));
  }

  /** Sends what waits, for no longer than `graceMs`; what is left then is lost. The pollers must have ended. */
  stop(graceMs: number): void {
    this.#ending = true;
    this.#deadline = Date.now() + graceMs;
    setTimeout(() => this.#stopped.abort(), graceMs).unref();
  }

  async #work(): Promise<void> {
    for (;;) {
      const spans = await this.#collect();
      if (spans.length > 0) await this.#export(spans);
      else if (this.#ending) return;
    }
  }

  /** The next batch: full, or as large as it has become after the longest delay. */
  async #collect(): Promise<Uint8Array[]> {
    const { maxSpans, maxDelayMs } = this.#options;
    const spans: Uint8Array[] = [];
    let since: number | undefined;
    while (spans.length < maxSpans) {
      for (const channel of this.#channels) spans.push(...channel.take(maxSpans - spans.length));
      if (spans.length > 0) since ??= Date.now();
      if (this.#ending || (since !== undefined && Date.now() - since >= maxDelayMs)) break;
      await Promise.race(this.#channels.map((channel) => channel.waitForSpans(LOOK_MS)));
      if (spans.length === 0 && this.#channels.every(({ size }) => size === 0)) continue;
      if (spans.length > 0 && spans.length < maxSpans) await sleep(Math.min(LOOK_MS, maxDelayMs), undefined);
    }
    this.inFlight += spans.length;
    return spans;
  }

  async #export(spans: readonly Uint8Array[]): Promise<void> {
    const request = this.#requests.build(spans);
    const started = Date.now();
    this.#counts.batch(spans.length);
    const lost = (count: number, cause: LossCause) => {
      if (count > 0) this.#counts.lost(count, cause);
    };
    for (let pause: number = backoff.first; ; pause = Math.min(2 * pause, backoff.longest)) {
      const begun = performance.now();
      const outcome = await this.#sender.send(request);
      if (outcome.kind === "taken") {
        const rejected = Math.min(outcome.rejected, spans.length);
        this.#counts.exported(spans.length - rejected, (performance.now() - begun) / 1000);
        lost(rejected, "rejected");
        break;
      }
      this.#counts.failed(outcome.why);
      if (outcome.kind === "refused") {
        lost(spans.length, "refused");
        break;
      }
      const wait = outcome.afterMs ?? pause * (0.75 + Math.random() / 2);
      if (Date.now() + wait >= Math.min(this.#deadline, started + this.#options.maxElapsedMs)) {
        lost(spans.length, this.#ending ? "shutdown" : "unavailable");
        break;
      }
      await sleep(wait, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
    this.inFlight -= spans.length;
  }
}
