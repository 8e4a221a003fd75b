import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { Registry } from "../registry/registry.ts";
import { otlpEndpoint } from "./endpoint.ts";
import { RegistryProducer, type Temporality } from "./producer.ts";
import { type ServiceIdentity, serviceResource } from "./resource.ts";

export interface MetricsExportOptions {
  readonly service: ServiceIdentity;
  /** The OTLP receiver, e.g. `http://otel-collector:4318`. */
  readonly endpoint: string;
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
  const exporter = new OTLPMetricExporter({
    url: `${otlpEndpoint(endpoint).base}/v1/metrics`,
    headers: { ...headers },
    timeoutMillis: timeoutSeconds * 1000,
    temporalityPreference: isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
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
