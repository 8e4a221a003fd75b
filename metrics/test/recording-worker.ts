import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Registry, type SharedRegistry } from "../src/registry/registry.ts";

/** What a worker of the tests is to do. It sends "ready" when the first part is done, and "done" when all is. */
export interface RecordingOrder {
  readonly shared: SharedRegistry;
  readonly act: "count" | "block" | "labels" | "gauges" | "record" | "replace" | "churn" | "clash" | "nest";
  readonly times?: number;
  readonly value?: number;
  /** Turns completed, for a worker that will be killed. */
  readonly progress?: Float64Array;
}

export const recordingWorker: URL = new URL(import.meta.url);

const help = "Test.";

function record({ shared, act, times = 0, value = 0, progress }: RecordingOrder): void {
  const registry = Registry.attach(shared);
  const ready = () => parentPort!.postMessage("ready");
  switch (act) {
    case "count": {
      const counter = registry.metric({ name: "work_total", type: "counter", help });
      ready();
      for (let i = 0; i < times; i++) counter.inc();
      parentPort!.postMessage("done");
      return;
    }
    case "block":
      registry.metric({ name: "work_total", type: "counter", help }).inc(7);
      ready();
      for (;;);
    case "labels": {
      const counter = registry.metric({ name: "labelled_total", type: "counter", help, labels: { a: "any" } });
      for (const a of [0, 1, 2]) counter.inc({ a });
      ready();
      setInterval(() => {}, 1000);
      return;
    }
    case "gauges": {
      for (const aggregate of ["sum", "min", "max", "last"] as const) {
        registry.metric({ name: `${aggregate}_level`, type: "gauge", help, aggregate }).set(value);
      }
      registry.metric({ name: "apart_level", type: "gauge", help, aggregate: "per-thread" }).set(value);
      registry.metric({ name: "phase", type: "stateset", help, states: ["x", "y"] }).set("x");
      ready();
      setInterval(() => {}, 1000);
      return;
    }
    case "record": {
      const counter = registry.metric({ name: "work_total", type: "counter", help });
      const classic = registry.metric({ name: "classic_seconds", type: "histogram", help });
      const native = registry.metric({ name: "native_seconds", type: "exponential_histogram", help });
      const summary = registry.metric({ name: "summary_seconds", type: "summary", help });
      ready();
      for (;;) {
        counter.inc();
        classic.observe(1);
        native.observe(1);
        summary.observe(1);
        progress![0]!++;
      }
    }
    case "churn": {
      // A label set's value is always its label: whatever else a reader sees was another one's.
      const gauge = registry.metric({ name: "coded", type: "gauge", help, labels: { a: "any" } });
      const summary = registry.metric({
        name: "coded_summary",
        type: "summary",
        help,
        labels: { a: "any" },
        quantiles: [1],
      });
      ready();
      for (let a = 1; ; a++) {
        gauge.set({ a }, a);
        if (a % 16 === 0) summary.observe({ a }, a);
        gauge.remove({ a: a - 20 });
        summary.remove({ a: a - 64 });
      }
    }
    case "clash":
      // Its `_count` is another metric's name in the main thread.
      registry.metric({ name: "work", type: "histogram", help, buckets: [1] }).observe(1);
      registry.metric({ name: "fine_total", type: "counter", help }).inc(3);
      ready();
      setInterval(() => {}, 1000);
      return;
    case "nest": {
      // The main thread does not know these workers, and gets no event when they end.
      const next = (left: number): void => {
        if (left === 0) {
          parentPort!.postMessage("done");
          return;
        }
        const worker = new Worker(recordingWorker, { workerData: { shared, act: "labels" } });
        worker.once("message", () => void worker.terminate().then(() => next(left - 1)));
      };
      ready();
      next(times);
      setInterval(() => {}, 1000);
      return;
    }
    case "replace": {
      const counter = registry.metric({ name: "alternating_total", type: "counter", help });
      const summary = registry.metric({ name: "spread_summary_seconds", type: "summary", help, quantiles: [0, 1] });
      const native = registry.metric({
        name: "spread_seconds",
        type: "exponential_histogram",
        help,
        maxBuckets: 4,
        bucketFactor: 1.002,
      });
      summary.observe(1);
      ready();
      for (let i = 0; ; i++) {
        // 2^20 and 1 in turn: their counts, the upper and the lower half of the total, are equal or one apart.
        if (i < 1_900_000) counter.inc(i % 2 === 0 ? 2 ** 20 : 1);
        summary.observe(2 ** (i % 41));
        native.observe(2 ** (i % 41));
      }
    }
  }
}

if (!isMainThread && (workerData as RecordingOrder | null)?.act) record(workerData as RecordingOrder);
