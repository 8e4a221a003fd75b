import { type EventLoopUtilization, monitorEventLoopDelay } from "node:perf_hooks";

/** Seconds, but for `utilization`, which is a share of time. */
export interface EventLoopSample {
  readonly min: number;
  readonly mean: number;
  readonly stddev: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly utilization: number;
}

/** Watches this thread's event loop. */
export class EventLoopMonitor implements Disposable {
  readonly #histogram: ReturnType<typeof monitorEventLoopDelay>;
  readonly #resolutionNs: number;
  #before: EventLoopUtilization;

  constructor(resolutionMs: number) {
    this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#histogram.enable();
    this.#resolutionNs = resolutionMs * 1e6;
    this.#before = performance.eventLoopUtilization();
  }

  /** What happened since the last sample. */
  sample(): EventLoopSample {
    const histogram = this.#histogram;
    // Node.js measures from one sampling timer to the next: what exceeds the interval is delay.
    const delay = (ns: number) => Math.max(0, (Number.isNaN(ns) ? 0 : ns) - this.#resolutionNs) / 1e9;
    const now = performance.eventLoopUtilization();
    const sample = {
      // Node.js says the largest number there is while nothing was measured.
      min: histogram.count === 0 ? 0 : delay(histogram.min),
      mean: delay(histogram.mean),
      stddev: (histogram.stddev || 0) / 1e9,
      max: delay(histogram.max),
      p50: delay(histogram.percentile(50)),
      p90: delay(histogram.percentile(90)),
      p99: delay(histogram.percentile(99)),
      utilization: performance.eventLoopUtilization(now, this.#before).utilization,
    };
    this.#before = now;
    histogram.reset();
    return sample;
  }

  [Symbol.dispose](): void {
    this.#histogram.disable();
  }
}
