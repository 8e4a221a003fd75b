import type { MetricsExport } from "../otel/metrics.ts";
import type { Tracing } from "../otel/tracing.ts";
import { recordProcessMetrics } from "../process/record.ts";
import type { Registry, RegistryOptions } from "../registry.ts";
import { type MetricsServer, type ServeOptions, serve } from "../server/serve.ts";
import { sharedRegistry } from "../workers.ts";
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
  const { service, prometheus, opentelemetry } = config;
  const registry = sharedRegistry(registryOptions(config));
  await using stop = new AsyncDisposableStack();
  stop.use(recordProcessMetrics(registry));
  const server = prometheus.enabled ? stop.use(await serve(registry, { ...prometheus.endpoint, ...more })) : undefined;
  let metrics: MetricsExport | undefined;
  let tracing: Tracing | undefined;
  if (opentelemetry.enabled) {
    const { startMetricsExport, startTracing, activeTrace } = await import("../otel/index.ts");
    const { name, version, environment, instance_id: instanceId } = service;
    const identity = {
      name,
      ...(version === undefined ? {} : { version }),
      ...(environment === undefined ? {} : { environment }),
      ...(instanceId === undefined ? {} : { instanceId }),
    };
    const { endpoint, headers } = opentelemetry.otlp;
    const target = { service: identity, endpoint, headers };
    if (opentelemetry.metrics.enabled) {
      const { export_interval_seconds: intervalSeconds, temporality } = opentelemetry.metrics;
      metrics = stop.use(startMetricsExport(registry, { ...target, intervalSeconds, temporality }));
    }
    if (opentelemetry.tracing.enabled) {
      tracing = stop.use(startTracing({ ...target, sampling: opentelemetry.tracing.sampling }));
      registry.exemplarsFrom(activeTrace);
    }
  }
  const started = stop.move();
  return { registry, server, metrics, tracing, [Symbol.asyncDispose]: () => started.disposeAsync() };
}
