import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { parseText, scrapeText } from "../../test/scrape.ts";
import type { ExponentialValue } from "../read/exponential.ts";
import { readExponential } from "../read/exponential.ts";
import { Registry } from "../registry/registry.ts";
import { bucketIndex, coarser, schemaFor, upperBound } from "./exponential-index.ts";
import { COMPRESSION } from "./tdigest.ts";

const help = "Test.";
const positive = fc.double({ min: 2 ** -120, max: 2 ** 120, noNaN: true });

describe("exponential bucket indices", () => {
  it("hold what the data model says, at every schema", () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: -4, max: 8 }), (value, schema) => {
        const index = bucketIndex(value, 8 - schema);
        // One unit in the last place of slack: the bounds between powers of two are rounded.
        expect(value).toBeLessThanOrEqual(upperBound(index, schema) * (1 + 2 ** -52));
        expect(value).toBeGreaterThan(upperBound(index - 1, schema) * (1 - 2 ** -52));
      }),
      { numRuns: 2000 },
    );
  });

  it("are exact on powers of two, and just beside them", () => {
    for (let exponent = -100; exponent <= 100; exponent++) {
      for (let schema = 0; schema <= 8; schema++) {
        const index = exponent * 2 ** schema;
        expect(bucketIndex(2 ** exponent, 8 - schema)).toBe(index);
        expect(bucketIndex(2 ** exponent * (1 + 2 ** -52), 8 - schema)).toBe(index + 1);
      }
    }
  });

  it("of a coarser schema are those of the finer one, merged", () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: 0, max: 12 }), (value, shift) => {
        expect(coarser(bucketIndex(value, 0), shift)).toBe(bucketIndex(value, shift));
      }),
    );
  });

  it("come from a factor as in client_golang", () => {
    expect([65_536.1, 65_536, 256, 2, 1.1, 1.002, 1.0001].map(schemaFor)).toEqual([-4, -4, -3, 0, 3, 8, 8]);
  });
});

describe("an exponential histogram", () => {
  const read = (registry: Registry): ExponentialValue =>
    registry.read(({ families, arena }) =>
      readExponential(arena, families[0]!.definition, families[0]!.series[0]!.sources),
    );

  it("equals the naive model, whatever is observed, with few buckets", () => {
    const values = fc.oneof(
      positive,
      positive.map((value) => -value),
      fc.constantFrom(0, -0, 1e-300),
    );
    fc.assert(
      fc.property(fc.array(values, { maxLength: 200 }), fc.integer({ min: 4, max: 200 }), (observed, maxBuckets) => {
        const registry = new Registry({ ownMetrics: false, maxBytes: 1 << 20, maxSeries: 10 });
        const histogram = registry.metric({
          name: "h",
          type: "exponential_histogram",
          help,
          maxBuckets,
          bucketFactor: 1.002,
        });
        for (const value of observed) histogram.observe(value);
        const found = read(registry);
        expect(found.count).toBe(observed.length);
        expect(found.zeroCount).toBe(observed.filter((value) => Math.abs(value) < 1e-100).length);
        for (const [sign, { offset, counts }] of [
          [1, found.positive],
          [-1, found.negative],
        ] as const) {
          const model = new Map<number, number>();
          for (const value of observed) {
            if (Math.sign(value) !== sign || Math.abs(value) < 1e-100) continue;
            const index = bucketIndex(Math.abs(value), 8 - found.schema);
            model.set(index, (model.get(index) ?? 0) + 1);
          }
          const nonEmpty = counts.map((count, i) => [offset + i, count] as const).filter(([, count]) => count > 0);
          expect(new Map(nonEmpty)).toEqual(model);
          if (found.schema > -4) expect(counts.length).toBeLessThanOrEqual(maxBuckets);
        }
      }),
    );
  });
});

describe("a reader that is overtaken again and again", () => {
  it("leaves a bank out at last, rather than show half of it", () => {
    const registry = new Registry({ ownMetrics: false });
    registry.metric({ name: "e", type: "exponential_histogram", help }).observe(3);
    const load = Atomics.load;
    let epoch = 0n;
    vi.spyOn(Atomics, "load").mockImplementation(((array: Int32Array, at: number) => {
      const value: number | bigint = load(array, at);
      return typeof value === "bigint" && value !== 0n ? value + (++epoch << 40n) : value;
    }) as typeof Atomics.load);
    const found = registry.read(({ families, arena }) =>
      readExponential(arena, families[0]!.definition, families[0]!.series[0]!.sources),
    );
    vi.restoreAllMocks();
    expect(found.count).toBe(0);
  });
});

describe("a summary", () => {
  /** Share of `sorted` below `value`, and up to it: any rank between the two is right. */
  const ranks = (sorted: readonly number[], value: number) => {
    const below = sorted.findIndex((other) => other >= value);
    const upTo = sorted.findLastIndex((other) => other <= value) + 1;
    return [(below < 0 ? sorted.length : below) / sorted.length, upTo / sorted.length] as const;
  };

  it.each([
    ["uniform", (i: number) => (i * 0.754_877_666) % 1],
    ["heavy-tailed", (i: number) => 1 / (1 - ((i * 0.754_877_666) % 1)) ** 2],
    ["ascending", (i: number) => i],
    ["descending", (i: number) => -1 - i],
    ["few values", (i: number) => i % 5],
  ])("keeps ranks within half a centroid: %s", async (_, observation) => {
    const quantiles = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];
    const registry = new Registry({ ownMetrics: false });
    const summary = registry.metric({ name: "s", type: "summary", help, quantiles });
    const values = Array.from({ length: 100_000 }, (_, i) => observation(i));
    for (const value of values) summary.observe(value);
    const sorted = values.toSorted((a, b) => a - b);
    for (const { name, labels, value } of parseText(await scrapeText(registry))) {
      if (name !== "s") continue;
      const q = Number(labels.quantile);
      const [below, upTo] = ranks(sorted, value);
      const half = (Math.PI / COMPRESSION) * Math.sqrt(q * (1 - q));
      expect(Math.max(0, below - q, q - upTo), `quantile ${q}`).toBeLessThanOrEqual(half + 1 / values.length);
      if (q === 0 || q === 1) expect(value).toBe(q === 0 ? sorted[0] : sorted.at(-1));
    }
  });

  it("says NaN before the first observation, and single values exactly", async () => {
    const registry = new Registry({ ownMetrics: false });
    const summary = registry.metric({ name: "s", type: "summary", help, quantiles: [0, 0.5, 1] });
    expect(await scrapeText(registry)).toContain('s{quantile="0.5"} NaN\n');
    summary.observe(7);
    expect(parseText(await scrapeText(registry)).map(({ value }) => value)).toEqual([7, 7, 7, 7, 1]);
  });

  it("forgets what is older than its window, but not in count and sum", async () => {
    let now = 0;
    const registry = new Registry({ ownMetrics: false, now: () => now });
    const summary = registry.metric({
      name: "s",
      type: "summary",
      help,
      quantiles: [1],
      maxAgeSeconds: 60,
      ageBuckets: 3,
    });
    const largest = async () => parseText(await scrapeText(registry)).map(({ value }) => value);
    for (let i = 0; i < 600; i++) summary.observe(100);
    now = 30_000;
    summary.observe(5);
    expect(await largest()).toEqual([100, 60_005, 601]);
    now = 61_000;
    expect(await largest()).toEqual([5, 60_005, 601]);
    for (let i = 0; i < 5; i++) {
      now += 30_000;
      summary.observe(i);
    }
    expect(await largest()).toEqual([4, 60_015, 606]);
  });
});
