import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type OtlpProtocol, otlpEndpoint } from "./endpoint.ts";
import { grpcExporter } from "./grpc.ts";
import { ObservedExporter } from "./observed-exporter.ts";
import { type ServiceIdentity, serviceResource } from "./resource.ts";
import type { SamplingStrategy } from "./sampling.ts";

export interface Sampling {
  /** `parent_based` follows the caller, and decides by `ratio` where there is none. @default "parent_based" */
  readonly strategy?: SamplingStrategy;
  /** Share of traces that are kept, from 0 to 1. @default 0.1 */
  readonly ratio?: number;
}

export interface TracingOptions {
  readonly service: ServiceIdentity;
  /** The OTLP receiver, e.g. `http://otel-collector:4317`. */
  readonly endpoint: string;
  /** @default "grpc" for port 4317, otherwise "http/protobuf" */
  readonly protocol?: OtlpProtocol;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sampling?: Sampling;
  /** Where finished spans go. @default OTLP to `endpoint` */
  readonly exporter?: SpanExporter;
  /** Make it the process's tracer provider, propagator and context manager. @default true */
  readonly global?: boolean;
}

/** Running tracing. */
export interface Tracing extends AsyncDisposable {
  readonly provider: TracerProvider;
  readonly options: TracingOptions;
  readonly exporter: ObservedExporter;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The sampler of a strategy. */
export function samplerFor({ strategy = "parent_based", ratio = 0.1 }: Sampling = {}): Sampler {
  switch (strategy) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "trace_id_ratio":
      return new TraceIdRatioBasedSampler(ratio);
    case "parent_based":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}

/** W3C Trace Context and Baggage. */
export const w3cPropagator = (): CompositePropagator =>
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] });

function otlpExporter(options: TracingOptions): SpanExporter {
  const { base, protocol } = otlpEndpoint(options.endpoint, options.protocol);
  const headers = { ...options.headers };
  if (protocol === "grpc") return grpcExporter<SpanExporter>("OTLPTraceExporter", { url: base, headers });
  return new OTLPTraceExporter({ url: `${base}/v1/traces`, headers });
}

/** Starts tracing: spans of the OpenTelemetry API are sampled, batched and sent. */
export function startTracing(options: TracingOptions): Tracing {
  const exporter = new ObservedExporter(options.exporter ?? otlpExporter(options));
  const provider = new TracerProvider({
    resource: serviceResource(options.service),
    sampler: samplerFor(options.sampling),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const isGlobal = options.global ?? true;
  if (isGlobal) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(w3cPropagator());
    trace.setGlobalTracerProvider(provider);
  }
  const shutdown = async (): Promise<void> => {
    await provider.shutdown();
    if (!isGlobal) return;
    trace.disable();
    context.disable();
    propagation.disable();
  };
  return { provider, options, exporter, flush: () => provider.forceFlush(), shutdown, [Symbol.asyncDispose]: shutdown };
}
