import { sizeLoki } from "../../components/loki/index.ts";
import { sizeMimir } from "../../components/mimir/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { sizeTraces } from "../../components/traces/index.ts";
import { type Facts, withoutUndefined } from "./facts.ts";

/** Mimir's settings, or undefined where it is off or somebody else's. */
export function mimirSettings(facts: Facts): ObservabilityProps["mimir"] {
  const { config, workload, retention, evaluator, objectStore, bucketPrefix } = facts;
  const { enabled, external, mode, tenant } = config.components.mimir;
  if (!enabled || external) return undefined;
  return {
    sizing: sizeMimir({
      workload,
      retention,
      availability: config.availability,
      evaluator,
      filesystem: objectStore.kind === "filesystem",
      ...(mode && { mode }),
    }),
    objectStore,
    bucket: `${bucketPrefix}mimir-blocks`,
    tenant,
  };
}

/** Loki's settings, or undefined where it is off or somebody else's. */
export function lokiSettings(facts: Facts): ObservabilityProps["loki"] {
  const { config, workload, retention, objectStore, bucketPrefix } = facts;
  const { enabled, external, mode, tenant } = config.components.loki;
  if (!enabled || external) return undefined;
  return {
    sizing: sizeLoki({
      workload,
      retention,
      availability: config.availability,
      filesystem: objectStore.kind === "filesystem",
      ...(mode && { mode }),
    }),
    objectStore,
    bucket: `${bucketPrefix}loki`,
    tenant,
    streamRetention: config.components.loki.streamRetention,
  };
}

/** The trace store's settings, or undefined where it is off or somebody else's. */
export function tracesSettings(facts: Facts): ObservabilityProps["traces"] {
  const { config, workload, retention, objectStore, bucketPrefix } = facts;
  const { traces, otelGateway } = config.components;
  if (!traces.enabled || traces.external) return undefined;
  return {
    backend: traces.backend,
    sizing: sizeTraces({
      backend: traces.backend,
      workload,
      availability: config.availability,
      retention,
      keepPercent: otelGateway.enabled ? otelGateway.tailSampling.keepPercent : 100,
      storage: traces.storage?.kind ?? "badger",
      filesystem: objectStore.kind === "filesystem",
      scalable: traces.kafka !== undefined,
    }),
    objectStore,
    bucket: `${bucketPrefix}tempo`,
    ...(traces.storage && { storage: withoutUndefined(traces.storage) }),
    ...(traces.kafka && { kafka: withoutUndefined(traces.kafka) }),
  };
}
