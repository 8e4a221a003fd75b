import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { scrapeText } from "../../test/scrape.ts";
import { formatFor } from "../exposition/negotiate.ts";
import { Registry } from "../registry.ts";
import {
  activeTrace,
  checkTracing,
  extractKafkaHeaders,
  injectKafkaHeaders,
  otlpEndpoint,
  RegistryProducer,
  samplerFor,
  serviceResource,
  startMetricsExport,
  startTracing,
} from "./index.ts";

const help = "Test.";
const service = { name: "svc", version: "1.2.3", environment: "test", instanceId: "svc-0" };

/** A receiver on this machine that notes what it gets. */
async function receiver(status = 200) {
  const got: { url: string; bytes: number; header: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      got.push({ url: request.url!, bytes, header: request.headers["x-key"] as string | undefined });
      response.statusCode = status;
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { endpoint, got, close };
}

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

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

describe("tracing", () => {
  it("sends sampled spans with who sent them, and follows the caller's decision", async () => {
    const { endpoint, got, close } = await receiver();
    await using tracing = startTracing({ service, endpoint, sampling: { ratio: 0 } });
    const tracer = trace.getTracer("test");
    const parent = {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: 1,
      isRemote: true,
    };
    tracer.startSpan("ours").end();
    tracer.startSpan("theirs", {}, trace.setSpanContext(ROOT_CONTEXT, parent)).end();
    await tracing.flush();
    expect(tracing.exporter.exported).toBe(1);
    expect(got.filter(({ url }) => url === "/v1/traces")).toHaveLength(1);
    expect(serviceResource(service).attributes).toEqual({
      "service.name": "svc",
      "service.version": "1.2.3",
      "service.instance.id": "svc-0",
      "deployment.environment.name": "test",
    });
    expect(samplerFor().toString()).toContain("TraceIdRatioBased{0.1}");
    for (const strategy of ["always_on", "always_off", "trace_id_ratio", "parent_based"] as const) {
      expect(samplerFor({ strategy }).toString()).toMatch(/On|Off|Ratio|Parent/);
    }
    await close();
  });

  it("passes through Kafka headers, as bytes or text", async () => {
    await using tracing = startTracing({
      service,
      endpoint: "http://localhost",
      exporter: new InMemorySpanExporter(),
      sampling: { strategy: "always_on" },
    });
    const span = tracing.provider.getTracer("test").startSpan("send");
    const headers = injectKafkaHeaders({ own: "1" }, trace.setSpan(context.active(), span));
    span.end();
    expect(headers.own).toBe("1");
    expect(Buffer.isBuffer(headers.traceparent)).toBe(true);
    const asText = { traceparent: String(headers.traceparent) };
    for (const received of [headers, asText, { traceparent: ["x", Buffer.from(asText.traceparent)] }]) {
      expect(trace.getSpanContext(extractKafkaHeaders(received))?.traceId).toBe(span.spanContext().traceId);
    }
    expect(extractKafkaHeaders(undefined, ROOT_CONTEXT)).toBe(ROOT_CONTEXT);
    expect(trace.getSpanContext(extractKafkaHeaders({ traceparent: undefined }, ROOT_CONTEXT))).toBeUndefined();
  });

  it("gives exemplars of the active, sampled trace, one a second for a bucket", async () => {
    let now = 1000;
    const registry = new Registry({ ownMetrics: false, now: () => now });
    registry.exemplarsFrom(activeTrace);
    const histogram = registry.metric({
      name: "h",
      type: "histogram",
      help,
      buckets: [1, 2],
      exemplars: true,
      labels: { a: "any" },
    });
    const native = registry.metric({ name: "e", type: "exponential_histogram", help, exemplars: true });
    const counter = registry.metric({ name: "n_total", type: "counter", help, exemplars: true });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const inTrace = (traceFlags: number, act: () => void) => {
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      context.with(trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: "b7ad6b7169203331", traceFlags }), act);
    };
    histogram.observe({ a: 1 }, 0.5);
    inTrace(0, () => histogram.observe({ a: 1 }, 0.6));
    inTrace(1, () => {
      for (const value of [1.5, 1.6]) histogram.observe({ a: 1 }, value);
      native.observe(3);
      counter.inc(2);
    });
    now = 3000;
    histogram.observe({ a: 1 }, 99, { order: "ä".repeat(10) });
    histogram.observe({ a: 1 }, 100, { much: "x".repeat(200) });
    const text = await scrapeText(registry, formatFor("openmetrics"));
    const ids = '{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"}';
    expect(text).toContain('h_bucket{a="1",le="1.0"} 2\n');
    expect(text).toContain(`h_bucket{a="1",le="2.0"} 4 # ${ids} 1.5 1\n`);
    expect(text).toContain(`h_bucket{a="1",le="+Inf"} 6 # {order="ääääääääää"} 99 3\n`);
    expect(text).toContain(`n_total 2 # ${ids} 2 1\n`);
    const proto = (await scrapeText(registry, formatFor("protobuf"))).toString();
    expect(proto.match(/0af7651916cd43dd8448eb211c80319c/g)).toHaveLength(3);
  });
});

describe("the check for missing traces", () => {
  const codes = async (...args: Parameters<typeof checkTracing>) =>
    (await checkTracing(...args)).map(({ code }) => code);

  it("finds nothing where nothing is wrong", async () => {
    const { endpoint, close } = await receiver();
    await using tracing = startTracing({ service, endpoint });
    expect(await codes(tracing, {})).toEqual([]);
    await close();
  });

  it("finds samplers that keep nothing, addresses that do not answer, exports that failed", async () => {
    const off = startTracing({
      service,
      endpoint: "http://127.0.0.1:1",
      sampling: { strategy: "always_off" },
      global: false,
    });
    expect(await codes(off, { OTEL_SDK_DISABLED: "true" })).toEqual([
      "TRACING_SAMPLER_OFF",
      "TRACING_DISABLED",
      "TRACING_ENDPOINT",
    ]);
    await off.shutdown();
    const { endpoint, close } = await receiver(404);
    const lost = startTracing({ service, endpoint, sampling: { ratio: 0 }, global: false });
    lost.provider
      .getTracer("t")
      .startSpan(
        "x",
        {},
        trace.setSpanContext(ROOT_CONTEXT, {
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          traceFlags: 1,
        }),
      )
      .end();
    await lost.flush().catch(() => {});
    expect(await codes(lost, {})).toEqual(["TRACING_RATIO_ZERO", "TRACING_ENDPOINT", "TRACING_EXPORT_FAILED"]);
    await lost.shutdown();
    await close();
    const grpc = startTracing({
      service,
      endpoint: "http://127.0.0.1:4317",
      exporter: new InMemorySpanExporter(),
      global: false,
    });
    expect(await codes(grpc, {})).toEqual(["TRACING_GRPC_PORT"]);
    await grpc.shutdown();
  });

  it("reads addresses", () => {
    expect(otlpEndpoint("http://otel-collector:4317")).toEqual({
      base: "http://otel-collector:4318",
      wasGrpcPort: true,
    });
    expect(otlpEndpoint("https://host/otlp/").base).toBe("https://host/otlp");
    expect(codesOf(() => otlpEndpoint("otel-collector:4317"))).toEqual(["OTLP_ENDPOINT"]);
  });
});
