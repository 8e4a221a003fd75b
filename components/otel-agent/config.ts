import type { ClusterFacts } from "../../lib/kubernetes/index.ts";
import {
  applicationTelemetry,
  type CollectorConfig,
  fileStorage,
  type GatewayResolver,
  type GatewayTargets,
  healthCheck,
  type QueueStorage,
  selfTelemetry,
} from "../../lib/otel/index.ts";
import { type KubeletMetric, kubeletStats } from "./kubelet.ts";
import type { OtelAgentSizing } from "./sizing.ts";

export interface OtelAgentConfigProps {
  readonly sizing: OtelAgentSizing;
  readonly cluster: ClusterFacts;
  readonly gateway: GatewayTargets;
  readonly resolver: GatewayResolver;
  readonly queue: QueueStorage;
  /** Resource detectors, after `env`. */
  readonly detectors: readonly string[];
  /** Whether the kubelet's certificate is checked against the cluster's CA. */
  readonly kubeletInsecure: boolean;
  readonly kubeletMetrics: readonly KubeletMetric[];
}

/** The agent's configuration file: telemetry of applications, and the kubelet's metrics. */
export function otelAgentConfig(props: OtelAgentConfigProps): CollectorConfig {
  const { sizing, queue } = props;
  const { receivers, processors, exporters, routes } = applicationTelemetry({
    ...props,
    resources: sizing.agent,
    queueItems: sizing.queueItems,
    storage: queue,
  });
  const order = Object.keys(processors);
  return {
    receivers: { ...receivers, kubelet_stats: kubeletStats(props.kubeletMetrics, props.kubeletInsecure) },
    processors,
    exporters,
    extensions: { ...healthCheck, ...(queue === "disk" && fileStorage) },
    service: {
      extensions: ["health_check", ...(queue === "disk" ? ["file_storage"] : [])],
      telemetry: selfTelemetry("normal"),
      pipelines: {
        traces: { receivers: ["otlp"], processors: order, exporters: routes.traces },
        metrics: { receivers: ["otlp", "kubelet_stats"], processors: order, exporters: routes.metrics },
        logs: { receivers: ["otlp"], processors: order, exporters: routes.logs },
      },
    },
  };
}
