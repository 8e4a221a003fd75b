import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { Registry } from "./registry.ts";

const quiet = { ownMetrics: false, now: () => 1_700_000_000_000 } as const;

describe("label values", () => {
  it("never merge, whatever characters they hold", async () => {
    const text = fc.string({
      unit: fc.constantFrom("|", ",", '"', "\\", "\n", "=", "{", "}", ":", "a", "1", "é", "𝒳", "\0"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 30 }), async (tuples) => {
        const registry = new Registry(quiet);
        const counter = registry.metric({
          name: "x_total",
          type: "counter",
          help: "X.",
          labels: { a: "any", b: "any", c: "any" },
        });
        const model = new Map<string, number>();
        for (const [a, b, c] of tuples) {
          counter.inc({ a, b, c });
          const key = JSON.stringify([a, b, c]);
          model.set(key, (model.get(key) ?? 0) + 1);
        }
        const samples = parseText(await scrapeText(registry));
        expect(
          new Map(samples.map(({ labels, value }) => [JSON.stringify([labels.a, labels.b, labels.c]), value])),
        ).toEqual(model);
        expect(registry.seriesCount).toBe(model.size);
      }),
      { numRuns: 200 },
    );
  });

  it("are one series as a number, a boolean or their text", async () => {
    const registry = new Registry(quiet);
    const counter = registry.metric({ name: "x_total", type: "counter", help: "X.", labels: { status: "any" } });
    for (const status of [200, "200", 200, true, "true"]) counter.inc({ status });
    expect(parseText(await scrapeText(registry)).map(({ labels, value }) => [labels.status, value])).toEqual([
      ["200", 3],
      ["true", 2],
    ]);
  });

  it("with lone surrogates are exported as U+FFFD", async () => {
    const registry = new Registry(quiet);
    const counter = registry.metric({ name: "x_total", type: "counter", help: "X.", labels: { a: "any" } });
    counter.inc({ a: "\ud800" });
    counter.inc({ a: "\udfff" });
    expect(parseText(await scrapeText(registry))).toEqual([{ name: "x_total", labels: { a: "\ufffd" }, value: 2 }]);
  });

  it("are refused when unknown, missing, not allowed or no text, all at once", () => {
    const registry = new Registry(quiet);
    const counter = registry.metric({
      name: "x_total",
      type: "counter",
      help: "X.",
      labels: { method: ["GET", "POST"], route: "any", zone: "any" },
    });
    const wrong = { method: "PUT", path: "/", zone: {} } as unknown as Parameters<typeof counter.inc>[0];
    expect(codesOf(() => counter.inc(wrong))).toEqual([
      "METRIC_LABEL_UNKNOWN",
      "METRIC_LABEL_VALUE",
      "METRIC_LABEL_MISSING",
      "METRIC_LABEL_TYPE",
    ]);
    counter.inc({ method: "GET", route: "/", zone: "a" });
    const extra = { method: "GET", route: "/", zone: "a", more: "b" } as unknown as Parameters<typeof counter.inc>[0];
    expect(
      codesOf(() => counter.inc(extra)),
      "also when the series exists",
    ).toEqual(["METRIC_LABEL_UNKNOWN"]);
  });

  it("are hashed with the key where they must not be readable", async () => {
    const series = async (hashKey: string) => {
      const registry = new Registry({ ...quiet, hashKey });
      const counter = registry.metric({ name: "x_total", type: "counter", help: "X.", labels: { customer: "hashed" } });
      for (const customer of ["alice", "bob", "alice"]) counter.inc({ customer });
      return parseText(await scrapeText(registry));
    };
    const one = await series("key-1");
    expect(one.map(({ value }) => value).sort()).toEqual([1, 2]);
    expect(one.every(({ labels }) => /^[0-9a-f]{16}$/.test(labels.customer!))).toBe(true);
    expect(await series("key-1")).toEqual(one);
    expect(await series("key-2")).not.toEqual(one);
    const keyless = () =>
      new Registry(quiet).metric({ name: "x_total", type: "counter", help: "X.", labels: { customer: "hashed" } });
    expect(codesOf(keyless)).toEqual(["METRIC_HASH_KEY_MISSING"]);
  });
});

describe("recording", () => {
  it("refuses what is not a number of the right kind", () => {
    const registry = new Registry(quiet);
    const counter = registry.metric({ name: "x_total", type: "counter", help: "X." });
    const observers = (["histogram", "exponential_histogram", "summary"] as const).map((type) =>
      registry.metric({ name: `y_${type}_size`, type, help: "Y." }),
    );
    for (const value of [-1, Number.NaN, Infinity, "1e3x" as unknown as number]) {
      expect(codesOf(() => counter.inc(value))).toEqual(["COUNTER_INCREMENT"]);
    }
    for (const observer of observers) {
      for (const value of [Number.NaN, Infinity, -Infinity]) {
        expect(codesOf(() => observer.observe(value))).toEqual(["OBSERVATION"]);
      }
    }
  });

  it("tracks what is in flight and how long it took", async () => {
    const registry = new Registry(quiet);
    const inFlight = registry.metric({ name: "jobs_running", type: "gauge", help: "Jobs.", labels: { kind: "any" } });
    const took = registry.metric({ name: "job_seconds", type: "histogram", help: "Jobs.", unit: "seconds" });
    const milliseconds = registry.metric({ name: "kafka_produce_latency_ms", type: "summary", help: "Sends." });
    {
      using guard = inFlight.track({ kind: "a" });
      using _timer = took.startTimer();
      expect(await scrapeText(registry)).toContain('jobs_running{kind="a"} 1\n');
      guard[Symbol.dispose]();
    }
    const timer = milliseconds.startTimer();
    const before = performance.now();
    while (performance.now() - before < 3);
    expect(timer.stop()).toBeGreaterThanOrEqual(3);
    timer.stop();
    const text = await scrapeText(registry);
    expect(text).toContain('jobs_running{kind="a"} 0\n');
    expect(text).toContain("job_seconds_count 1\n");
    expect(text).toContain("kafka_produce_latency_ms_count 1\n");
  });

  it("through gauges' other ways", async () => {
    const registry = new Registry(quiet);
    const plain = registry.metric({ name: "a", type: "gauge", help: "A.", labels: { l: "any" } });
    plain.inc({ l: "1" }, 5);
    plain.dec({ l: "1" });
    plain.with({ l: "2" }).setToCurrentTime();
    const last = registry.metric({ name: "b", type: "gauge", help: "B.", aggregate: "last" });
    last.set(4);
    last.inc();
    last.dec(3);
    const timed = registry.metric({ name: "c_seconds", type: "gauge", help: "C." });
    timed.startTimer().stop();
    const info = registry.metric({ name: "d_info", type: "info", help: "D.", labels: { v: "any" } });
    info.set({ v: "1" });
    info.set({ v: "2" });
    const phase = registry.metric({
      name: "e",
      type: "stateset",
      help: "E.",
      states: ["x", "y"],
      labels: { l: "any" },
    });
    phase.set({ l: "1" }, "x");
    phase.with({ l: "1" }).enable("y");
    phase.with({ l: "1" }).disable("x");
    expect(codesOf(() => phase.set({ l: "1" }, "z" as "x"))).toEqual(["STATE_UNKNOWN"]);
    const samples = parseText(await scrapeText(registry));
    expect(
      samples
        .filter(({ name }) => name !== "c_seconds")
        .map(({ name, labels, value }) => [name, ...Object.values(labels), value]),
    ).toEqual([
      ["a", "1", 4],
      ["a", "2", 1_700_000_000],
      ["b", 2],
      ["d_info", "2", 1],
      ["e", "1", "x", 0],
      ["e", "1", "y", 1],
    ]);
  });
});

describe("timers and buckets with labels", () => {
  it("record to the label set's series", async () => {
    const registry = new Registry(quiet);
    const labels = { a: "any" } as const;
    const observers = [
      registry.metric({ name: "c_seconds", type: "histogram", help: "C.", labels }),
      registry.metric({ name: "e_seconds", type: "exponential_histogram", help: "E.", labels }),
      registry.metric({ name: "s_seconds", type: "summary", help: "S.", labels }),
    ];
    for (const observer of observers) {
      observer.startTimer({ a: 1 }).stop();
      observer.with({ a: 1 }).startTimer()[Symbol.dispose]();
      observer.observe({ a: 1 }, 2);
    }
    const text = await scrapeText(registry);
    for (const name of ["c", "e", "s"]) expect(text).toContain(`${name}_seconds_count{a="1"} 3\n`);
  });

  it("go to the overflow of a full memory without a trace in it", async () => {
    const registry = new Registry({ ...quiet, maxBytes: 4 * 65_536, maxSeries: 1000 });
    const labels = { a: "any" } as const;
    const native = registry.metric({ name: "e", type: "exponential_histogram", help: "E.", labels, exemplars: true });
    const summary = registry.metric({ name: "s", type: "summary", help: "S.", labels });
    for (let a = 0; a < 100; a++) {
      native.observe({ a }, 2 ** a, { trace_id: "1" });
      for (let i = 0; i < 600; i++) summary.observe({ a }, i);
    }
    const counts = parseText(await scrapeText(registry)).filter(({ name }) => name === "s_count");
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.every(({ value }) => value === 600)).toBe(true);
  });
});

describe("a registry that reads from another thread's place", () => {
  it("starts again when the first one folded a worker's region", async () => {
    const registry = new Registry(quiet);
    const other = Registry.attach(registry.shared);
    const counter = other.metric({ name: "n_total", type: "counter", help: "N." });
    counter.inc(3);
    expect(await scrapeText(other)).toContain("n_total 3\n");
    expect(await scrapeText(registry)).toContain("n_total 3\n");
    const worker = new Worker(new URL("../../test/recording-worker.ts", import.meta.url), {
      workerData: { shared: registry.shared, act: "labels" },
    });
    await once(worker, "message");
    expect(await scrapeText(other)).toContain('labelled_total{a="0"} 1\n');
    registry.watch(worker);
    await worker.terminate();
    for (const each of [other, registry]) {
      const text = await scrapeText(each);
      expect(text).toContain('labelled_total{a="0"} 1\n');
      expect(text).toContain("n_total 3\n");
    }
  });

  it("retires its idle series by itself, as nobody scrapes it", async () => {
    const registry = new Registry({ ownMetrics: false, idleExpirySeconds: 0.02 });
    const other = Registry.attach(registry.shared);
    other.metric({ name: "n_total", type: "counter", help: "N.", labels: { a: "any" } }).inc({ a: 1 });
    await vi.waitFor(async () => {
      await scrapeText(registry);
      expect(registry.seriesCount).toBe(0);
    });
  });
});
