import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { parseText, scrapeText } from "../../test/scrape.ts";
import { lint } from "./lint.ts";
import { Registry } from "./registry.ts";

const help = "Test.";

describe("the series limit", () => {
  it("holds over all metrics; what exceeds it goes to one series a metric, so that totals stay right", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.boolean(), fc.nat(60))),
        async (maxSeries, acts) => {
          const registry = new Registry({ maxSeries });
          const metrics = [1, 2].map((n) =>
            registry.metric({ name: `n${n}_total`, type: "counter", help, labels: { a: "any", b: "any" } }),
          );
          for (const [second, a] of acts) metrics[second ? 1 : 0]!.inc({ a, b: "x" });
          const samples = parseText(await scrapeText(registry));
          for (const [n, expected] of [
            acts.filter(([second]) => !second).length,
            acts.filter(([second]) => second).length,
          ].entries()) {
            const own = samples.filter(({ name }) => name === `n${n + 1}_total`);
            expect(own.reduce((sum, { value }) => sum + value, 0)).toBe(expected);
          }
          const kept = samples.filter(({ name, labels }) => /^n\d_total$/.test(name) && labels.a !== "__overflow__");
          expect(kept.length).toBeLessThanOrEqual(maxSeries);
          expect(registry.seriesCount).toBe(kept.length);
        },
      ),
    );
  });

  it("is told of, a metric at a time", async () => {
    const registry = new Registry({ maxSeries: 2 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    for (const a of ["1", "2", "3", "3", "4", "__overflow__"]) counter.inc({ a });
    const text = await scrapeText(registry);
    expect(text).toContain('n_total{a="__overflow__"} 4\n');
    expect(text).toContain('skopos_metrics_overflowed_label_sets_total{metric="n_total"} 2\n');
    expect(text).toContain("skopos_metrics_series 2\n");
    expect(text).toContain("skopos_metrics_series_limit 2\n");
    expect(lint(registry)).toEqual([expect.objectContaining({ code: "SERIES_NEAR_LIMIT" })]);
  });

  it("makes room again when a label set is removed, also for those refused before", async () => {
    const registry = new Registry({ maxSeries: 1 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const first = counter.with({ a: "1" });
    first.inc();
    counter.inc({ a: "2" });
    expect(counter.remove({ a: "1" })).toBe(true);
    expect(counter.remove({ a: "1" })).toBe(false);
    counter.inc({ a: "2" }, 5);
    expect(await scrapeText(registry)).toContain('n_total{a="2"} 5\n');
    // The removed label set's handle is refused now, and counts in the overflow.
    first.inc(10);
    expect(await scrapeText(registry)).toContain('n_total{a="__overflow__"} 11\n');
  });

  it("is not needed for values that are too long: they overflow at once", async () => {
    const registry = new Registry();
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    counter.inc({ a: "x".repeat(5000) });
    expect(await scrapeText(registry)).toContain('n_total{a="__overflow__"} 1\n');
  });
});

describe("memory", () => {
  const label = (a: number) => ({ a: `${a}`.padStart(100, "x") });
  const read = async (registry: Registry) => {
    const samples = parseText(await scrapeText(registry));
    const series = samples.filter(({ name }) => name === "n_total");
    const own = (name: string) => samples.find((sample) => sample.name === `skopos_metrics_${name}`)!.value;
    return {
      kept: series.filter(({ labels }) => labels.a !== "__overflow__").length,
      total: series.reduce((sum, { value }) => sum + value, 0),
      refused: own("unstored_series"),
      exhausted: own("memory_exhausted"),
    };
  };

  it("that is full loses only new series' detail, says so, and recovers", async () => {
    const registry = new Registry({ maxBytes: 32 * 65_536, maxSeries: 30_000 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    for (let a = 0; a < 20_000; a++) counter.inc(label(a));
    const full = await read(registry);
    expect(full).toEqual({ kept: full.kept, total: 20_000, refused: 20_000 - full.kept, exhausted: 1 });
    expect(full.kept).toBeGreaterThan(1000);
    expect(registry.isMemoryExhausted).toBe(true);
    for (let a = 0; a < 500; a++) counter.remove(label(a));
    for (let a = 19_900; a < 20_000; a++) counter.inc(label(a));
    const after = await read(registry);
    expect(after).toMatchObject({ kept: full.kept - 400, total: 20_000 - 500 + 100, exhausted: 0 });
  });

  it("that has no room even for the overflow counts what is lost", async () => {
    const registry = new Registry({ maxBytes: 6 * 65_536, maxSeries: 10_000 });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const first = counter.with(label(0));
    for (let a = 0; a < 9000; a++) counter.inc(label(a));
    const { kept, refused, exhausted } = await read(registry);
    expect([kept + refused, exhausted]).toEqual([9000, 1]);
    counter.remove(label(0));
    first.inc(5);
    expect((await read(registry)).kept).toBe(kept);
  });

  it("does not grow while label sets come and go", async () => {
    const registry = new Registry({ maxSeries: 1000 });
    const types = ["counter", "gauge", "histogram", "exponential_histogram", "summary"] as const;
    const metrics = types.map((type) =>
      registry.metric({ name: type === "counter" ? "c_total" : `x_${type}`, type, help, labels: { a: "any" } }),
    );
    const live = 50;
    let bytes = 0;
    for (let a = 0; a < 20_000; a++) {
      for (const metric of metrics) {
        if ("observe" in metric) for (const value of [1, -2, 300]) metric.observe({ a }, value);
        else metric.inc({ a });
        metric.remove({ a: a - live });
      }
      if (a % 1000 === 0) await scrapeText(registry);
      if (a === 2000) bytes = registry.memoryBytes;
    }
    expect(registry.memoryBytes).toBe(bytes);
    expect(registry.seriesCount).toBe(live * types.length);
  });

  it("must hold at least the directory", () => {
    expect(codesOf(() => new Registry({ maxBytes: 1000 }))).toEqual(["ARENA_TOO_SMALL"]);
    expect(codesOf(() => Registry.attach({ buffer: new SharedArrayBuffer(64), options: {} }))).toEqual([
      "ARENA_FOREIGN",
    ]);
  });
});

describe("idle expiry", () => {
  const clocked = (idleExpirySeconds = 60) => {
    let now = 0;
    const registry = new Registry({ ownMetrics: false, idleExpirySeconds, now: () => now });
    return { registry, pass: (seconds: number) => (now += seconds * 1000) };
  };
  const exposed = async (registry: Registry) =>
    parseText(await scrapeText(registry)).map(({ name, value }) => `${name} ${value}`);

  it("hides what nobody records to, and shows it again from zero once its place was given away", async () => {
    const { registry, pass } = clocked();
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const idle = counter.with({ a: "1" });
    idle.inc(5);
    counter.inc({ a: 2 });
    await exposed(registry);
    pass(61);
    counter.inc({ a: 2 });
    expect(await exposed(registry)).toEqual(["n_total 2"]);
    expect(registry.retireIdle()).toBe(true);
    expect(registry.seriesCount).toBe(1);
    idle.inc(3);
    expect(await exposed(registry)).toEqual(["n_total 3", "n_total 2"]);
  });

  it("loses nothing that is recorded between hiding and retiring", async () => {
    const { registry, pass } = clocked();
    const gauge = registry.metric({ name: "g", type: "gauge", help, labels: { a: "any" } });
    const histogram = registry.metric({ name: "h", type: "histogram", help, labels: { a: "any" }, buckets: [1] });
    gauge.set({ a: 1 }, 7);
    histogram.observe({ a: 1 }, 2);
    await exposed(registry);
    pass(61);
    expect(await exposed(registry)).toEqual([]);
    gauge.set({ a: 1 }, 7);
    histogram.observe({ a: 1 }, 3);
    expect(registry.retireIdle()).toBe(false);
    expect(await exposed(registry)).toEqual(["g 7", "h_bucket 0", "h_bucket 2", "h_sum 5", "h_count 2"]);
  });

  it("makes room by itself when the registry is full", async () => {
    let now = 0;
    const registry = new Registry({ ownMetrics: false, idleExpirySeconds: 1, maxSeries: 1, now: () => now });
    const summary = registry.metric({ name: "s", type: "summary", help, labels: { a: "any" }, quantiles: [0.5] });
    const native = registry.metric({ name: "e", type: "exponential_histogram", help, labels: { a: "any" } });
    summary.observe({ a: 1 }, 4);
    await exposed(registry);
    now += 1001;
    await exposed(registry);
    native.observe({ a: 1 }, 2);
    expect(await exposed(registry)).toEqual(["e_bucket 1", "e_sum 2", "e_count 1"]);
    now += 1001;
    await exposed(registry);
    now += 1001;
    await exposed(registry);
    summary.observe({ a: 2 }, 9);
    expect(await exposed(registry)).toEqual(["s 9", "s_sum 9", "s_count 1"]);
  });

  it("is not for metrics without labels or those that refuse it", async () => {
    const { registry, pass } = clocked();
    registry.metric({ name: "n_total", type: "counter", help }).inc();
    registry.metric({ name: "g", type: "gauge", help, labels: { a: "any" }, idleExpirySeconds: 0 }).inc({ a: 1 });
    await exposed(registry);
    pass(1000);
    expect(await exposed(registry)).toEqual(["g 1", "n_total 1"]);
  });

  it("keeps handles that share a label set together", async () => {
    const { registry } = clocked();
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const old = counter.with({ a: 1 });
    counter.remove({ a: 1 });
    const fresh = counter.with({ a: 1 });
    old.inc();
    fresh.inc();
    expect(await exposed(registry)).toEqual(["n_total 2"]);
    counter.remove({ a: 1 });
    old.inc(5);
    fresh.inc(6);
    expect(await exposed(registry)).toEqual(["n_total 11"]);
  });
});

describe("removing", () => {
  it("starts each type's series again from nothing, also for handles that were kept", async () => {
    const registry = new Registry({ ownMetrics: false });
    const labels = { a: "any" } as const;
    const native = registry.metric({ name: "e", type: "exponential_histogram", help, labels });
    const summary = registry.metric({ name: "s", type: "summary", help, labels, quantiles: [1] });
    for (const metric of [native, summary]) {
      const handle = metric.with({ a: 1 });
      for (let i = 0; i < 600; i++) handle.observe(-i);
      handle.observe(1000);
      metric.remove({ a: 1 });
      handle.observe(3);
    }
    expect(parseText(await scrapeText(registry)).map(({ name, value }) => `${name} ${value}`)).toEqual([
      "e_bucket 1",
      "e_sum 3",
      "e_count 1",
      "s 3",
      "s_sum 3",
      "s_count 1",
    ]);
  });
});

describe("lint", () => {
  it("finds labels of many values and metrics of more series than expected", () => {
    const registry = new Registry();
    const many = registry.metric({ name: "many_total", type: "counter", help, labels: { a: "any", b: ["x"] } });
    for (let a = 0; a < 101; a++) many.inc({ a, b: "x" });
    const few = registry.metric({ name: "few_total", type: "counter", help, labels: { a: "any" }, expectedSeries: 1 });
    for (const a of [1, 2]) few.inc({ a });
    expect(lint(registry).map(({ code, path }) => [code, path])).toEqual([
      ["SERIES_UNEXPECTED", "few_total"],
      ["LABEL_VALUES_MANY", "many_total.a"],
    ]);
  });
});

describe("unregistering", () => {
  it("ends a metric, and frees its name for another definition", async () => {
    const registry = new Registry({ ownMetrics: false });
    const old = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const handle = old.with({ a: 1 });
    handle.inc();
    old.inc({ a: "__overflow__" });
    await scrapeText(registry);
    expect(registry.unregister("n_total")).toBe(true);
    expect(registry.unregister("n_total")).toBe(false);
    handle.inc();
    registry.metric({ name: "n_total", type: "counter", help: "Other.", labels: { b: "any" } }).inc({ b: 2 }, 4);
    expect(parseText(await scrapeText(registry))).toEqual([{ name: "n_total", labels: { b: "2" }, value: 4 }]);
  });
});
