import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { type RecordingOrder, recordingWorker } from "../../test/recording-worker.ts";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { MAX_REGIONS } from "../memory/layout.ts";
import { Registry } from "./registry.ts";

const quiet = { ownMetrics: false } as const;
/** Ends a hang; nothing is measured by it. */
const POLL = { timeout: 30_000 };

async function start(registry: Registry, order: Omit<RecordingOrder, "shared">): Promise<Worker> {
  const worker = new Worker(recordingWorker, { workerData: { shared: registry.shared, ...order } });
  await once(worker, "message");
  return worker;
}

/** Values by name and labels, e.g. `work_total{worker="1"}`. */
async function values(registry: Registry): Promise<Record<string, number>> {
  const samples = parseText(await scrapeText(registry));
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [
      name +
        Object.entries(labels)
          .map(([k, v]) => `,${k}=${v}`)
          .join(""),
      value,
    ]),
  );
}

describe("several threads", () => {
  it("count exactly 100 million increments between them", async () => {
    const registry = new Registry(quiet);
    const workers = await Promise.all([1, 2].map(() => start(registry, { act: "count", times: 50_000_000 })));
    await Promise.all(workers.map((worker) => once(worker, "message")));
    expect(await values(registry)).toEqual({ work_total: 100_000_000 });
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it("are scraped while one of them is blocked", async () => {
    const registry = new Registry(quiet);
    const worker = await start(registry, { act: "block" });
    expect(await values(registry)).toEqual({ work_total: 7 });
    await worker.terminate();
  });

  it("share label sets, and each set counts once for the limit", async () => {
    const registry = new Registry(quiet);
    const workers = await Promise.all([1, 2, 3].map(() => start(registry, { act: "labels" })));
    expect(await values(registry)).toEqual({
      "labelled_total,a=0": 3,
      "labelled_total,a=1": 3,
      "labelled_total,a=2": 3,
    });
    expect(registry.seriesCount).toBe(3);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it("make one value of several gauges as declared; a dead thread's gauges end", async () => {
    const registry = new Registry(quiet);
    const first = await start(registry, { act: "gauges", value: 5 });
    const second = await start(registry, { act: "gauges", value: 3 });
    registry.watch(first);
    const each = { sum_level: 8, min_level: 3, max_level: 5, last_level: 3, "phase,phase=x": 1, "phase,phase=y": 0 };
    expect(await values(registry)).toEqual({
      ...each,
      [`apart_level,thread=${first.threadId}`]: 5,
      [`apart_level,thread=${second.threadId}`]: 3,
    });
    const { threadId } = second;
    await first.terminate();
    const left = { sum_level: 3, min_level: 3, max_level: 3, last_level: 3, "phase,phase=x": 1, "phase,phase=y": 0 };
    expect(await values(registry)).toEqual({ ...left, [`apart_level,thread=${threadId}`]: 3 });
    await second.terminate();
  });

  it("may define a metric only alike: who comes second is left out and reported", async () => {
    const registry = new Registry();
    registry.metric({ name: "labelled_total", type: "counter", help: "Other." }).inc();
    const worker = await start(registry, { act: "labels" });
    await values(registry);
    const after = await values(registry);
    expect(after.labelled_total).toBe(1);
    expect(after.skopos_metrics_conflicting_definitions).toBe(1);
    await worker.terminate();
  });
});

describe("a worker that ends", () => {
  it("killed while it records, loses nothing and tears nothing", async () => {
    for (let round = 0; round < 12; round++) {
      const registry = new Registry(quiet);
      const progress = new Float64Array(new SharedArrayBuffer(8));
      const worker = await start(registry, { act: "record", progress });
      if (round % 2 === 0) registry.watch(worker);
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 3));
      await worker.terminate();
      const after = await values(registry);
      const [observed = 0] = progress;
      expect(observed).toBeGreaterThan(0);
      // Each turn records 1 to all four, then notes its progress: what was noted is there, and at most one turn more.
      for (const count of ["work_total", "classic_seconds_count", "native_seconds_count", "summary_seconds_count"]) {
        expect(after[count], count).toBeGreaterThanOrEqual(observed);
        expect(after[count], count).toBeLessThanOrEqual(observed + 1);
      }
      for (const name of ["classic", "native", "summary"]) {
        expect(after[`${name}_seconds_sum`], name).toBe(after[`${name}_seconds_count`]);
      }
      expect(after["classic_seconds_bucket,le=1"]).toBe(after.classic_seconds_count);
      expect(after["summary_seconds,quantile=0.5"]).toBe(1);
      // Folding changed nothing, also not at the next scrape.
      expect(await values(registry)).toEqual(after);
    }
  });

  it("gives its memory and its place back when it is watched", async () => {
    const registry = new Registry(quiet);
    const sizes: number[] = [];
    for (let i = 0; i < 8; i++) {
      const worker = await start(registry, { act: "labels" });
      registry.watch(worker);
      const exit = once(worker, "exit");
      await worker.terminate();
      await exit;
      sizes.push(registry.memoryBytes);
    }
    expect(await values(registry)).toEqual({
      "labelled_total,a=0": 8,
      "labelled_total,a=1": 8,
      "labelled_total,a=2": 8,
    });
    expect(registry.seriesCount).toBe(3);
    expect(sizes.at(-1)).toBe(sizes[1]);
  });

  it("gives them back also when another worker started it, and nobody watches it", async () => {
    const registry = new Registry(quiet);
    const parent = await start(registry, { act: "nest", times: 6 });
    await once(parent, "message");
    const labels = { "labelled_total,a=0": 6, "labelled_total,a=1": 6, "labelled_total,a=2": 6 };
    await expect.poll(async () => [await values(registry), registry.threads], POLL).toEqual([labels, 2]);
    await parent.terminate();
    await expect.poll(async () => [await values(registry), registry.threads], POLL).toEqual([labels, 1]);
  });

  it("leaves out a metric whose series have the names of another one's", async () => {
    const registry = new Registry({ naming: "utf8" });
    registry.metric({ name: "work_count", type: "gauge", help: "Test." }).set(5);
    const worker = await start(registry, { act: "clash" });
    const both = async () => {
      const text = await scrapeText(registry);
      expect(text.match(/^work_count/gm)).toHaveLength(1);
      return [await values(registry), text.includes("work_sum")] as const;
    };
    const kept = { work_count: 5, fine_total: 3 };
    const reported = { skopos_metrics_conflicting_definitions: 1 };
    expect(await both()).toEqual([expect.objectContaining({ ...kept, ...reported }), false]);
    registry.watch(worker);
    await worker.terminate();
    await expect
      .poll(async () => [Object.keys(await values(registry)).length > 0, registry.threads], POLL)
      .toEqual([true, 1]);
    expect(await both()).toEqual([expect.objectContaining(kept), false]);
  });

  it("needs a place among the threads", () => {
    const registry = new Registry(quiet);
    for (let i = 1; i < MAX_REGIONS; i++) Registry.attach(registry.shared);
    expect(() => Registry.attach(registry.shared)).toThrow("REGISTRY_THREADS");
  });
});

describe("reading while another thread writes", () => {
  it("never shows a label set with the value of the one that got its memory", async () => {
    const registry = new Registry(quiet);
    const worker = await start(registry, { act: "churn" });
    const seen = new Set<string>();
    for (let scrape = 0; scrape < 3000; scrape++) {
      for (const { name, labels, value } of parseText(await scrapeText(registry))) {
        if (name === "coded_summary_count") continue;
        // Not yet set, or its own.
        if (value !== 0 && !Number.isNaN(value)) expect(String(value), `${name} of ${labels.a}`).toBe(labels.a);
        seen.add(labels.a!);
      }
    }
    expect(seen.size).toBeGreaterThan(1000);
    await worker.terminate();
  });

  it("never sees half a number, nor a digest or bucket being replaced", async () => {
    const registry = new Registry(quiet);
    const worker = await start(registry, { act: "replace" });
    let before = 0;
    let scrapes = 0;
    const end = performance.now() + 1500;
    while (performance.now() < end) {
      const now = await values(registry);
      // Only these two are ever added: any other number was torn. See the worker.
      const [small, large] = [now.alternating_total! % 2 ** 20, Math.floor(now.alternating_total! / 2 ** 20)];
      expect(Math.abs(small - large)).toBeLessThanOrEqual(1);
      expect(now.spread_seconds_count).toBeGreaterThanOrEqual(before);
      expect(now["spread_summary_seconds,quantile=0"]).toBeGreaterThanOrEqual(1);
      expect(now["spread_summary_seconds,quantile=1"]).toBeLessThanOrEqual(2 ** 40);
      before = now.spread_seconds_count!;
      scrapes++;
    }
    expect(scrapes).toBeGreaterThan(10);
    await worker.terminate();
  });
});
