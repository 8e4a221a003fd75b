import { isMainThread, parentPort } from "node:worker_threads";
import type { CounterHandle } from "../src/instruments/counter.ts";
import type { ExponentialHandle } from "../src/instruments/exponential.ts";
import type { SummaryHandle } from "../src/instruments/summary.ts";
import { Registry, type SharedRegistry } from "../src/registry/registry.ts";

export const modelWorker: URL = new URL(import.meta.url);

export const METRICS = ["n_total", "other_total", "native", "summary"] as const;
export type MetricName = (typeof METRICS)[number];

/** One step of one thread. */
export type Order =
  | { readonly act: "attach"; readonly shared: SharedRegistry; readonly clock: Float64Array }
  | { readonly act: "record" | "keep" | "remove"; readonly metric: MetricName; readonly label: string }
  | { readonly act: "use"; readonly handle: number }
  | { readonly act: "retire" | "unregister"; readonly metric?: MetricName };

const types = {
  n_total: "counter",
  other_total: "counter",
  native: "exponential_histogram",
  summary: "summary",
} as const;

/** What one thread does to a registry, step by step. */
export class Recording {
  readonly #registry: Registry;
  readonly #kept: (CounterHandle | ExponentialHandle | SummaryHandle)[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
    for (const metric of METRICS) this.#metric(metric);
  }

  #metric(name: MetricName) {
    return this.#registry.metric({ name, type: types[name], help: "Model.", labels: { a: "any" } });
  }

  do(order: Order): void {
    switch (order.act) {
      case "record":
        count(this.#metric(order.metric).with({ a: order.label }));
        return;
      case "keep":
        this.#kept.push(this.#metric(order.metric).with({ a: order.label }));
        return;
      case "use":
        count(this.#kept[order.handle]!);
        return;
      case "remove":
        this.#metric(order.metric).remove({ a: order.label });
        return;
      case "retire":
        this.#registry.retireIdle();
        return;
      case "unregister":
        this.#registry.unregister(order.metric!);
        return;
    }
  }
}

function count(handle: CounterHandle | ExponentialHandle | SummaryHandle): void {
  if ("inc" in handle) handle.inc();
  else handle.observe(1);
}

if (!isMainThread && parentPort) {
  let recording: Recording | undefined;
  parentPort.on("message", (order: Order) => {
    if (order.act === "attach") {
      const { clock } = order;
      recording = new Recording(Registry.attach(order.shared, { now: () => clock[0]! }));
    } else recording!.do(order);
    parentPort!.postMessage("done");
  });
}
