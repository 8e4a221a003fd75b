import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, it } from "vitest";
import { codesOf } from "../../test/codes.ts";
import { grpcReceiver, receiver } from "../../test/otlp-receiver.ts";
import { scrapeText } from "../../test/scrape.ts";
import { formatFor } from "../exposition/negotiate.ts";
import { Registry } from "../registry/registry.ts";
import {
  activeTrace,
  checkTracing,
  extractKafkaHeaders,
  injectKafkaHeaders,
  otlpEndpoint,
  samplerFor,
  serviceResource,
  startMetricsExport,
  startTracing,
} from "./index.ts";

const help = "Test.";
const service = { name: "svc", version: "1.2.3", environment: "test", instanceId: "svc-0" };

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
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
  });

  it("sends over gRPC where it is asked to, and says why that fails", async () => {
    const { endpoint, got, close } = await grpcReceiver();
    const target = { service, endpoint, protocol: "grpc", headers: { "x-key": "k" } } as const;
    const tracing = startTracing({ ...target, sampling: { strategy: "always_on" }, global: false });
    tracing.provider.getTracer("t").startSpan("x").end();
    await tracing.flush();
    expect(await codes(tracing, {})).toEqual([]);
    await tracing.shutdown();
    const registry = new Registry();
    const metrics = startMetricsExport(registry, target);
    await metrics.flush();
    await metrics.shutdown();
    const service1 = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const service2 = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    expect(new Set(got.map(({ url, header }) => `${url} ${header}`))).toEqual(
      new Set([`${service1} k`, `${service2} k`]),
    );
    expect(got.filter(({ bytes }) => bytes > 100).length).toBeGreaterThanOrEqual(2);
    await close();
    const gone = startTracing({ ...target, global: false });
    expect(await codes(gone, {})).toEqual(["TRACING_ENDPOINT"]);
    await gone.shutdown();
    const http = await receiver();
    const wrong = startTracing({ service, endpoint: http.endpoint, protocol: "grpc", global: false });
    expect(await codes(wrong, {})).toEqual(["TRACING_ENDPOINT"]);
    await wrong.shutdown();
    await http.close();
    const refusing = await grpcReceiver(16);
    const refused = startTracing({ service, endpoint: refusing.endpoint, protocol: "grpc", global: false });
    expect(await codes(refused, {})).toEqual(["TRACING_ENDPOINT"]);
    await refused.shutdown();
    await refusing.close();
  });

  it("reads addresses: port 4317 is gRPC's, unless the protocol is named", () => {
    expect(otlpEndpoint("http://otel-collector:4317")).toEqual({
      base: "http://otel-collector:4317",
      protocol: "grpc",
    });
    expect(otlpEndpoint("http://otel-collector:4317", "http/protobuf").protocol).toBe("http/protobuf");
    expect(otlpEndpoint("https://host/otlp/")).toEqual({ base: "https://host/otlp", protocol: "http/protobuf" });
    for (const address of ["otel-collector:4317", "http://otel-collector:4317/v1/traces"]) {
      expect(codesOf(() => otlpEndpoint(address))).toEqual(["OTLP_ENDPOINT"]);
    }
  });
});
