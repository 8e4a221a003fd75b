import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METRICS, type MetricName, modelWorker, type Order, Recording } from "../../test/model-worker.ts";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { Registry } from "./registry.ts";

const THREADS = 3;
const LABELS = ["a", "b", "c", "d", "e", "f", "__overflow__"];
/** Fewer than there are label sets, so that some overflow. */
const MAX_SERIES = 9;
const IDLE_SECONDS = 60;

type Step =
  | { readonly act: "record" | "keep" | "remove"; thread: number; metric: MetricName; label: string }
  | { readonly act: "use"; thread: number; handle: number }
  | { readonly act: "expire" }
  | { readonly act: "redefine"; thread: number; metric: MetricName };

const thread = fc.nat(THREADS - 1);
const metric = fc.constantFrom(...METRICS);
const label = fc.constantFrom(...LABELS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant("record" as const), thread, metric, label }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("keep" as const), thread, metric, label }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("remove" as const), thread, metric, label }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant("use" as const), thread, handle: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ act: "expire" as const }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("redefine" as const), thread, metric }) },
);

/** What is exposed: how often each label set was counted. */
async function exposed(registry: Registry): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, labels, value } of parseText(await scrapeText(registry))) {
    if (name.endsWith("_total") || name.endsWith("_count"))
      counts.set(`${name.replace("_count", "")} ${labels.a}`, value);
  }
  return counts;
}

describe("any history of series in several threads", () => {
  let workers: Worker[];
  beforeAll(() => {
    workers = Array.from({ length: THREADS - 1 }, () => new Worker(modelWorker));
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it("records each observation once, under its own labels or its metric's overflow", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const clock = new Float64Array(new SharedArrayBuffer(8));
        const registry = new Registry({
          ownMetrics: false,
          maxSeries: MAX_SERIES,
          idleExpirySeconds: IDLE_SECONDS,
          now: () => clock[0]!,
        });
        const own = new Recording(registry);
        const tell = async (to: number, order: Order): Promise<void> => {
          if (to === 0) {
            own.do(order);
            return;
          }
          workers[to - 1]!.postMessage(order);
          await once(workers[to - 1]!, "message");
        };
        for (let to = 1; to < THREADS; to++) await tell(to, { act: "attach", shared: registry.shared, clock });

        /** Of each thread, what its kept handles are for; undefined once their metric is unregistered. */
        const kept: Kept[][] = Array.from({ length: THREADS }, () => []);
        /** What was seen last, also of overflows that are hidden at present. */
        const before = new Map<string, number>();
        /** Hidden overflows of which a part may have ended. */
        const unknown = new Set<string>();
        for (const given of steps) {
          const allowed = await take(given, tell, kept, registry, clock);
          const after = await exposed(registry);
          let grown = 0;
          for (const key of new Set([...before.keys(), ...after.keys()])) {
            const is = after.get(key);
            const isHidden = is === undefined && key.endsWith("__overflow__");
            if (isHidden && given.act === "redefine" && allowed.mayFall(key)) unknown.add(key);
            if (isHidden) continue;
            const change = unknown.delete(key) ? 1 : (is ?? 0) - (before.get(key) ?? 0);
            before.set(key, is ?? 0);
            if (change > 0) expect(allowed.mayGrow, `${key} after ${JSON.stringify(given)}`).toContain(key);
            if (change > 0) grown += change;
            else if (change < 0) expect(allowed.mayFall(key), `${key} fell after ${JSON.stringify(given)}`).toBe(true);
          }
          expect(grown, JSON.stringify(given)).toBe(allowed.mayGrow.length > 0 ? 1 : 0);
          expect(registry.seriesCount).toBeLessThanOrEqual(MAX_SERIES);
        }
      }),
      { numRuns: 60 },
    );
  });
});

type Kept = { metric: MetricName; label: string } | undefined;

interface Allowed {
  readonly mayGrow: readonly string[];
  readonly mayFall: (key: string) => boolean;
}

async function take(
  given: Step,
  tell: (to: number, order: Order) => Promise<void>,
  kept: Kept[][],
  registry: Registry,
  clock: Float64Array,
): Promise<Allowed> {
  const grows = (of: { metric: MetricName; label: string }) => ({
    mayGrow: [`${of.metric} ${of.label}`, `${of.metric} __overflow__`],
    mayFall: () => false,
  });
  const nothing = { mayGrow: [], mayFall: () => false };
  switch (given.act) {
    case "record":
      await tell(given.thread, given);
      return grows(given);
    case "keep":
      await tell(given.thread, given);
      kept[given.thread]!.push(given);
      return nothing;
    case "use": {
      const handles = kept[given.thread]!;
      if (handles.length === 0) return nothing;
      const handle = given.handle % handles.length;
      await tell(given.thread, { act: "use", handle });
      const known = handles[handle];
      return known ? grows(known) : nothing;
    }
    case "remove":
      await tell(given.thread, given);
      return { mayGrow: [], mayFall: (key) => key === `${given.metric} ${given.label}` };
    case "expire":
      // Seen now, idle later, hidden, and then retired by whoever owns it.
      await exposed(registry);
      clock[0]! += IDLE_SECONDS * 1000 + 1;
      await exposed(registry);
      for (let to = 0; to < THREADS; to++) await tell(to, { act: "retire" });
      return { mayGrow: [], mayFall: () => true };
    case "redefine":
      await tell(given.thread, { act: "unregister", metric: given.metric });
      kept[given.thread] = kept[given.thread]!.map((handle) => (handle?.metric === given.metric ? undefined : handle));
      return { mayGrow: [], mayFall: (key) => key.startsWith(`${given.metric} `) };
  }
}
