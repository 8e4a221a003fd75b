import type { MetricsExport } from "../otel/metrics.ts";
import type { Tracing } from "../otel/tracing.ts";
import { recordProcessMetrics } from "../process/record.ts";
import type { Registry, RegistryOptions } from "../registry/registry.ts";
import { sharedRegistry } from "../registry/workers.ts";
import { type MetricsServer, type ServeOptions, serve } from "../server/serve.ts";
import type { ObservabilityConfig } from "./schema.ts";

/** What a configuration started. */
export interface Observability extends AsyncDisposable {
  readonly registry: Registry;
  readonly server: MetricsServer | undefined;
  readonly metrics: MetricsExport | undefined;
  readonly tracing: Tracing | undefined;
}

/** The registry's options of a configuration. */
export const registryOptions = ({ prometheus }: ObservabilityConfig): RegistryOptions => ({
  maxSeries: prometheus.registry.max_cardinality,
  maxLabels: prometheus.registry.max_labels_per_metric,
});

/**
 * Starts what a configuration asks for: the process's shared registry with its process metrics, the endpoint, OTLP. OpenTelemetry is
 * loaded only when it is enabled. Call it before any other use of `sharedRegistry`, whose first caller sets the limits.
 * @param more options of the endpoint that no file holds, e.g. health checks
 */
export async function startObservability(config: ObservabilityConfig, more: ServeOptions = {}): Promise<Observability> {
  const { prometheus, opentelemetry } = config;
  const registry = sharedRegistry(registryOptions(config));
  const started: (AsyncDisposable | Disposable)[] = [recordProcessMetrics(registry)];
  const stop = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) {
      await (Symbol.asyncDispose in part ? part[Symbol.asyncDispose]() : part[Symbol.dispose]());
    }
  };
  try {
    const server = prometheus.enabled ? await serve(registry, { ...prometheus.endpoint, ...more }) : undefined;
    if (server) started.push(server);
    const { metrics, tracing } = opentelemetry.enabled ? await startOtel(config, registry) : {};
    for (const part of [metrics, tracing]) if (part) started.push(part);
    return { registry, server, metrics, tracing, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Otel {
  readonly metrics?: MetricsExport;
  readonly tracing?: Tracing;
}

async function startOtel({ service, opentelemetry }: ObservabilityConfig, registry: Registry): Promise<Otel> {
  const { startMetricsExport, startTracing, activeTrace } = await import("../otel/index.ts");
  const { name, version, environment, instance_id: instanceId } = service;
  const identity = {
    name,
    ...(version === undefined ? {} : { version }),
    ...(environment === undefined ? {} : { environment }),
    ...(instanceId === undefined ? {} : { instanceId }),
  };
  const { otlp, tracing, metrics } = opentelemetry;
  const target = {
    service: identity,
    endpoint: otlp.endpoint,
    headers: otlp.headers,
    ...(otlp.protocol === undefined ? {} : { protocol: otlp.protocol }),
  };
  if (tracing.enabled) registry.exemplarsFrom(activeTrace);
  const { export_interval_seconds: intervalSeconds, temporality } = metrics;
  return {
    ...(metrics.enabled ? { metrics: startMetricsExport(registry, { ...target, intervalSeconds, temporality }) } : {}),
    ...(tracing.enabled ? { tracing: startTracing({ ...target, sampling: tracing.sampling }) } : {}),
  };
}
