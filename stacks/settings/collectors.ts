import { logSourceFor, sizeAlloy } from "../../components/alloy/index.ts";
import type { ObservabilityProps } from "../../components/observability.ts";
import { sizeOtelAgent } from "../../components/otel-agent/index.ts";
import { sizeOtelGateway } from "../../components/otel-gateway/index.ts";
import { type Facts, withoutUndefined } from "./facts.ts";

/** The agents' settings, or undefined where they are off. */
export function otelAgentSettings({ config, workload }: Facts): ObservabilityProps["otelAgent"] {
  const { enabled, routing, resolver, kubeletInsecure, nodeSelector } = config.components.otelAgent;
  if (!enabled) return undefined;
  return withoutUndefined({
    sizing: sizeOtelAgent(workload),
    routeByTraceId: routing === "trace-id",
    resolver,
    kubeletInsecure,
    nodeSelector,
  });
}

/** The gateways' settings, or undefined where they are off. */
export function otelGatewaySettings({ config, workload }: Facts): ObservabilityProps["otelGateway"] {
  const { enabled, replicas, tailSampling, resourceLabels, spanMetrics } = config.components.otelGateway;
  if (!enabled) return undefined;
  const { decisionWait, latencyThreshold, keepPercent } = tailSampling;
  return {
    sizing: sizeOtelGateway({
      workload,
      availability: config.availability,
      decisionWaitSeconds: decisionWait,
      ...(replicas && { replicas }),
    }),
    tailSampling: { decisionWaitSeconds: decisionWait, latencyThresholdMs: latencyThreshold * 1000, keepPercent },
    resourceLabels,
    spanMetrics,
  };
}

/** Alloy's settings, or undefined where it is off. It takes the hosts' metrics exactly where node-exporter does not. */
export function alloySettings({ config, workload }: Facts): ObservabilityProps["alloy"] {
  const { alloy, nodeExporter, otelGateway } = config.components;
  if (!alloy.enabled) return undefined;
  const hostMetrics = !nodeExporter.enabled;
  return {
    logSource: alloy.logSource ?? logSourceFor(workload),
    hostMetrics,
    sizing: sizeAlloy({ workload, hostMetrics, otlp: otelGateway.enabled }),
  };
}
