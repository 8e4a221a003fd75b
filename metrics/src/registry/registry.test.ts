import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { MetricsError } from "../errors.ts";
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
    const registry = new Registry({ ...quiet, units: ["ms"] });
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

describe("a value", () => {
  const registry = new Registry(quiet);
  const help = "Test.";
  const metrics = {
    counter: registry.metric({ name: "c_total", type: "counter", help }),
    gauge: registry.metric({ name: "g", type: "gauge", help }),
    last: registry.metric({ name: "l", type: "gauge", help, aggregate: "last" }),
    classic: registry.metric({ name: "h", type: "histogram", help }),
    native: registry.metric({ name: "e", type: "exponential_histogram", help }),
    summary: registry.metric({ name: "q", type: "summary", help }),
    exemplars: registry.metric({ name: "x", type: "histogram", help, exemplars: true }),
  };
  const states = registry.metric({ name: "s", type: "stateset", help, states: ["a", "b"] });
  const calls: Record<string, (value: never) => void> = {
    "counter.inc": (value) => metrics.counter.inc(value),
    "gauge.set": (value) => metrics.gauge.set(value),
    "gauge.inc": (value) => metrics.gauge.inc(value),
    "gauge.dec": (value) => metrics.gauge.dec(value),
    "last.set": (value) => metrics.last.set(value),
    "last.inc": (value) => metrics.last.inc(value),
    "last.dec": (value) => metrics.last.dec(value),
    "histogram.observe": (value) => metrics.classic.observe(value),
    "native.observe": (value) => metrics.native.observe(value),
    "summary.observe": (value) => metrics.summary.observe(value),
    "exemplars.observe": (value) => metrics.exemplars.observe(value),
    "stateset.set": (value) => states.set(value),
    "stateset.enable": (value) => states.enable(value),
  };
  const wrong: unknown[] = [
    "123",
    "",
    new Date(0),
    null,
    [],
    [5],
    {},
    { valueOf: () => 5 },
    true,
    5n,
    Symbol("x"),
    () => 5,
    new Number(5),
  ];

  it.each(Object.entries(calls))(
    "that is no number is an exception of %s, and changes nothing",
    async (_name, call) => {
      const before = await scrapeText(registry);
      for (const value of wrong) expect(() => call(value as never)).toThrow(MetricsError);
      expect(await scrapeText(registry)).toBe(before);
    },
  );

  it("that is no finite number is an exception where it would poison sums", () => {
    for (const name of ["counter.inc", "histogram.observe", "native.observe", "summary.observe"]) {
      for (const value of [Number.NaN, Infinity, -Infinity])
        expect(() => calls[name]!(value as never), name).toThrow(MetricsError);
    }
    expect(() => metrics.counter.inc(-1)).toThrow("COUNTER_INCREMENT");
  });
});

describe("a definition", () => {
  const help = "Test.";
  const registry = () => new Registry({ ...quiet, naming: "utf8" });

  it("that does not fit into a chunk is refused, never lost", () => {
    const large = [
      { name: "a", type: "gauge", help: "x".repeat(70_000) },
      { name: "a", type: "summary", help, maxAgeSeconds: 60, ageBuckets: 20 },
      { name: "a", type: "histogram", help, buckets: Array.from({ length: 400 }, (_, i) => i), exemplars: true },
    ] as const;
    for (const spec of large) expect(codesOf(() => registry().metric(spec))).toEqual(["METRIC_TOO_LARGE"]);
  });

  it("that clashes only where names are escaped is refused, as Prometheus would reject the whole page", () => {
    const some = registry();
    some.metric({ name: "a.b", type: "gauge", help });
    expect(codesOf(() => some.metric({ name: "a_b", type: "gauge", help }))).toEqual(["METRIC_CLASH"]);
    const labels = { "x.y": "any", x_y: "any" } as const;
    expect(codesOf(() => some.metric({ name: "c", type: "gauge", help, labels }))).toEqual(["METRIC_LABEL_CLASH"]);
  });

  it("may have ten labels of three thousand characters, and what is longer overflows and is counted", async () => {
    const some = new Registry({ ...quiet, ownMetrics: true });
    const names = Array.from("abcdefghij");
    const gauge = some.metric({
      name: "g",
      type: "gauge",
      help,
      labels: Object.fromEntries(names.map((n) => [n, "any"])),
    });
    const all = (text: string) => Object.fromEntries(names.map((n) => [n, text]));
    gauge.set(all("x".repeat(3000)), 1);
    gauge.set(all("\u20ac".repeat(3000)), 2);
    const text = await scrapeText(some);
    expect(text).toContain(`a="${"x".repeat(3000)}"`);
    expect(text).toMatch(/^g\{a="__overflow__".*\} 2$/m);
    expect(text).toContain('skopos_metrics_overflowed_label_sets_total{metric="g"} 1\n');
  });
});
