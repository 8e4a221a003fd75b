import { threadId } from "node:worker_threads";
import { DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { receiver } from "../../test/otlp-receiver.ts";
import { Registry } from "../registry/registry.ts";
import { RegistryProducer, startMetricsExport } from "./index.ts";

const help = "Test.";
const service = { name: "svc", version: "1.2.3", environment: "test", instanceId: "svc-0" };

describe("metrics for OpenTelemetry", () => {
  const filled = (now: () => number) => {
    const registry = new Registry({ ownMetrics: false, now });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const gauge = registry.metric({ name: "g_bytes", type: "gauge", help, unit: "bytes" });
    const classic = registry.metric({ name: "c_seconds", type: "histogram", help, unit: "seconds", buckets: [1, 2] });
    const native = registry.metric({ name: "e_seconds", type: "exponential_histogram", help, bucketFactor: 2 });
    const summary = registry.metric({ name: "s_seconds", type: "summary", help, quantiles: [0.5] });
    registry.metric({ name: "phase", type: "stateset", help, states: ["x", "y"] }).set("y");
    const record = () => {
      counter.inc({ a: 1 }, 2);
      gauge.set(7);
      for (const value of [1, 3]) for (const observer of [classic, native, summary]) observer.observe(value);
    };
    return { registry, record };
  };
  const points = async (producer: RegistryProducer) => {
    const { resourceMetrics, errors } = await producer.collect();
    expect(errors).toEqual([]);
    const metrics = resourceMetrics.scopeMetrics[0]!.metrics as MetricData[];
    return Object.fromEntries(
      metrics.map(({ descriptor, dataPointType, dataPoints }) => [
        `${descriptor.name} ${descriptor.unit} ${DataPointType[dataPointType]}`,
        dataPoints.map(({ value, attributes, startTime }) => ({ value, attributes, start: startTime[0] })),
      ]),
    );
  };

  it("are cumulative since the series began", async () => {
    let now = 10_000;
    const { registry, record } = filled(() => now);
    const producer = new RegistryProducer(registry);
    record();
    now = 20_000;
    await producer.collect();
    record();
    expect(await points(producer)).toEqual({
      "n_total  SUM": [{ value: 4, attributes: { a: "1" }, start: 10 }],
      "g_bytes By GAUGE": [{ value: 7, attributes: {}, start: 10 }],
      "c_seconds s HISTOGRAM": [
        { value: { buckets: { boundaries: [1, 2], counts: [2, 0, 2] }, sum: 8, count: 4 }, attributes: {}, start: 10 },
      ],
      "e_seconds  EXPONENTIAL_HISTOGRAM": [
        {
          value: {
            count: 4,
            sum: 8,
            scale: 0,
            zeroCount: 0,
            positive: { offset: -1, bucketCounts: [2, 0, 2] },
            negative: { offset: -1, bucketCounts: [] },
          },
          attributes: {},
          start: 10,
        },
      ],
      "s_seconds  GAUGE": [{ value: 2, attributes: { quantile: "0.5" }, start: 10 }],
      "s_seconds_sum  SUM": [{ value: 8, attributes: {}, start: 10 }],
      "s_seconds_count 1 SUM": [{ value: 4, attributes: {}, start: 10 }],
      "phase  GAUGE": [
        { value: 0, attributes: { phase: "x" }, start: 10 },
        { value: 1, attributes: { phase: "y" }, start: 10 },
      ],
    });
  });

  it("are what came since the last collection, as deltas", async () => {
    let now = 10_000;
    const { registry, record } = filled(() => now);
    const producer = new RegistryProducer(registry, "delta");
    record();
    await producer.collect();
    now = 20_000;
    await producer.collect();
    record();
    const found = await points(producer);
    expect(found["n_total  SUM"]).toEqual([{ value: 2, attributes: { a: "1" }, start: 20 }]);
    expect(found["c_seconds s HISTOGRAM"]![0]!.value).toEqual({
      buckets: { boundaries: [1, 2], counts: [1, 0, 1] },
      sum: 4,
      count: 2,
    });
    expect(found["e_seconds  EXPONENTIAL_HISTOGRAM"]![0]!.value).toMatchObject({
      count: 2,
      sum: 4,
      positive: { bucketCounts: [1, 0, 1] },
    });
  });

  it("deltas add up to the whole, also while an exponential histogram loses resolution", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { maxLength: 20 }), { maxLength: 8 }),
        async (batches) => {
          const registry = new Registry({ ownMetrics: false, maxBytes: 1 << 20, maxSeries: 10 });
          const native = registry.metric({
            name: "e",
            type: "exponential_histogram",
            help,
            maxBuckets: 8,
            bucketFactor: 1.01,
          });
          const producer = new RegistryProducer(registry, "delta");
          let counted = 0;
          for (const batch of batches) {
            for (const value of batch) native.observe(value);
            const found = await points(producer);
            const value = found["e  EXPONENTIAL_HISTOGRAM"]![0]!.value as {
              count: number;
              positive: { bucketCounts: number[] };
            };
            expect(value.count).toBe(batch.length);
            expect(value.positive.bucketCounts.reduce((a, b) => a + b, 0)).toBe(batch.length);
            expect(Math.min(0, ...value.positive.bucketCounts)).toBe(0);
            counted += value.count;
          }
          expect(counted).toBe(batches.flat().length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("count once what is read twice, because a thread ended meanwhile", async () => {
    const primary = new Registry({ ownMetrics: false });
    const [ended, reading] = [Registry.attach(primary.shared), Registry.attach(primary.shared)];
    const native = { name: "e", type: "exponential_histogram", help } as const;
    for (const registry of [primary, ended]) {
      registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } }).inc({ a: 1 }, 5);
      registry.metric(native).observe(1);
    }
    const producer = new RegistryProducer(reading, "delta");
    let reads = 0;
    vi.spyOn(reading, "read").mockImplementation(
      (use) =>
        Registry.prototype.read.call(reading, (reader) => {
          const result = use(reader);
          if (reads++ === 0) {
            primary.endRegion(1, threadId);
            primary.read(() => {});
          }
          return result;
        }) as ReturnType<typeof use>,
    );
    const first = await points(producer);
    expect(reads).toBe(2);
    expect(first["n_total  SUM"]).toMatchObject([{ value: 10 }]);
    expect(first["e  EXPONENTIAL_HISTOGRAM"]).toMatchObject([{ value: { count: 2 } }]);
    expect((await points(producer))["n_total  SUM"]).toMatchObject([{ value: 0 }]);
  });

  it("start again with a series that did", async () => {
    const registry = new Registry({ ownMetrics: false });
    const counter = registry.metric({ name: "n_total", type: "counter", help, labels: { a: "any" } });
    const producer = new RegistryProducer(registry, "delta");
    counter.inc({ a: 1 }, 5);
    await producer.collect();
    counter.remove({ a: 1 });
    counter.inc({ a: 1 }, 2);
    expect((await points(producer))["n_total  SUM"]![0]!.value).toBe(2);
  });

  it("tell of collectors that failed, and go on", async () => {
    const registry = new Registry();
    registry.onCollect(() => {
      throw new Error("broken");
    });
    const { errors, resourceMetrics } = await new RegistryProducer(registry).collect();
    expect(errors).toEqual([new Error("broken")]);
    expect(resourceMetrics.scopeMetrics[0]!.metrics.length).toBeGreaterThan(0);
  });

  it("are sent by OTLP", async () => {
    const { endpoint, got, close } = await receiver();
    const registry = new Registry();
    for (const temporality of ["cumulative", "delta"] as const) {
      await using metrics = startMetricsExport(registry, { service, endpoint, headers: { "x-key": "k" }, temporality });
      await metrics.flush();
    }
    expect(got.length).toBeGreaterThanOrEqual(2);
    expect(got.every(({ url, bytes, header }) => url === "/v1/metrics" && bytes > 100 && header === "k")).toBe(true);
    await close();
  });
});
