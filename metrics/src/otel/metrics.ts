import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import type { Registry } from "../registry/registry.ts";
import { type OtlpProtocol, otlpEndpoint } from "./endpoint.ts";
import { grpcExporter } from "./grpc.ts";
import { RegistryProducer, type Temporality } from "./producer.ts";
import { type ServiceIdentity, serviceResource } from "./resource.ts";

export interface MetricsExportOptions {
  readonly service: ServiceIdentity;
  /** The OTLP receiver, e.g. `http://otel-collector:4317`. */
  readonly endpoint: string;
  /** @default "grpc" for port 4317, otherwise "http/protobuf" */
  readonly protocol?: OtlpProtocol;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default 60 */
  readonly intervalSeconds?: number;
  /** Longest time of one export. @default 10 */
  readonly timeoutSeconds?: number;
  /** @default "cumulative", which Prometheus stores as it is */
  readonly temporality?: Temporality;
}

/** A running export. */
export interface MetricsExport extends AsyncDisposable {
  /** For instruments of OpenTelemetry's own API: they go the same way. */
  readonly provider: MeterProvider;
  /** Sends what there is now. */
  flush(): Promise<void>;
  /** Sends what there is, and ends. */
  shutdown(): Promise<void>;
}

/** Pushes a registry's metrics by OTLP, every minute by default. The registry can be scraped at the same time. */
export function startMetricsExport(registry: Registry, options: MetricsExportOptions): MetricsExport {
  const { endpoint, headers = {}, intervalSeconds = 60, timeoutSeconds = 10, temporality = "cumulative" } = options;
  const isDelta = temporality === "delta";
  const { base, protocol } = otlpEndpoint(endpoint, options.protocol);
  const common = {
    headers: { ...headers },
    timeoutMillis: timeoutSeconds * 1000,
    temporalityPreference: isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  };
  const exporter =
    protocol === "grpc"
      ? grpcExporter<PushMetricExporter>("OTLPMetricExporter", { url: base, ...common })
      : new OTLPMetricExporter({ url: `${base}/v1/metrics`, ...common });
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalSeconds * 1000,
    exportTimeoutMillis: Math.min(timeoutSeconds, intervalSeconds) * 1000,
    metricProducers: [new RegistryProducer(registry, temporality)],
  });
  const provider = new MeterProvider({ resource: serviceResource(options.service), readers: [reader] });
  const shutdown = () => provider.shutdown();
  return { provider, flush: () => provider.forceFlush(), shutdown, [Symbol.asyncDispose]: shutdown };
}
