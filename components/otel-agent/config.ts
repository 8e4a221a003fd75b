import { type ClusterFacts, type Endpoint, endpointUrl } from "../../lib/kubernetes/index.ts";
import {
  batch,
  type CollectorConfig,
  cleanAttributes,
  collectorPorts,
  fileStorage,
  type GatewayResolver,
  healthCheck,
  loadBalancing,
  memoryLimiter,
  otlpReceiver,
  podAttributes,
  type QueueStorage,
  queued,
  resourceDetection,
  selfTelemetry,
  transform,
} from "../../lib/otel/index.ts";
import { type KubeletMetric, kubeletStats } from "./kubelet.ts";
import type { OtelAgentSizing } from "./sizing.ts";

export interface OtelAgentConfigProps {
  readonly sizing: OtelAgentSizing;
  readonly cluster: ClusterFacts;
  /** Endpoint for logs, load-balanced by the Service. */
  readonly otlp: Endpoint;
  /** Endpoint of all gateway pods: spans are routed by trace ID, metrics by resource. @default `otlp` for both */
  readonly otlpByTraceId?: Endpoint;
  /** Endpoint of all gateway pods for span metrics: spans are routed by service. @default none */
  readonly otlpByService?: Endpoint;
  readonly resolver: GatewayResolver;
  readonly queue: QueueStorage;
  /** Resource detectors, after `env`. */
  readonly detectors: readonly string[];
  /** Whether the kubelet's certificate is checked against the cluster's CA. */
  readonly kubeletInsecure: boolean;
  readonly kubeletMetrics: readonly KubeletMetric[];
}

/** Number of exporters, each with a queue of its own. */
export function exportersOf({
  otlpByTraceId,
  otlpByService,
}: Pick<OtelAgentConfigProps, "otlpByTraceId" | "otlpByService">): number {
  return 1 + (otlpByTraceId ? 2 : 0) + (otlpByService ? 1 : 0);
}

/** The agent's configuration file. */
export function otelAgentConfig(props: OtelAgentConfigProps): CollectorConfig {
  const { sizing, otlp, otlpByTraceId, otlpByService } = props;
  const processors = [
    "memory_limiter",
    "resource_detection",
    "k8s_attributes",
    "resource",
    "transform/clean-attrs",
    "batch",
  ];
  // A gateway exposes the last value of a series for minutes. If metrics changed gateways with each connection, a series
  // would be exposed by several of them and counted as often. All series of a resource go to one gateway.
  const metrics = otlpByTraceId ? "load_balancing/metrics" : "otlp_grpc";
  const spans = [otlpByTraceId ? "load_balancing" : "otlp_grpc", ...(otlpByService ? ["load_balancing/service"] : [])];
  const balanced = { resolver: props.resolver, queueItems: sizing.queueItems, storage: props.queue } as const;
  return {
    receivers: {
      otlp: otlpReceiver(collectorPorts["otlp-grpc"], collectorPorts["otlp-http"]),
      kubelet_stats: kubeletStats(props.kubeletMetrics, props.kubeletInsecure),
    },
    processors: {
      memory_limiter: memoryLimiter(sizing.agent),
      resource_detection: resourceDetection(props.detectors),
      k8s_attributes: kubernetesAttributes,
      // Copied where the application did not say who it is, and never overwritten. Not on the gateway, whose pods are not theirs.
      resource: { attributes: [{ key: "service.instance.id", from_attribute: "k8s.pod.name", action: "insert" }] },
      // Before metrics are routed by resource: process IDs would give a restarted application another gateway.
      "transform/clean-attrs": transform(cleanAttributes),
      batch,
    },
    exporters: {
      ...(otlpByTraceId && {
        load_balancing: loadBalancing({ routingKey: "traceID", to: otlpByTraceId, ...balanced }),
        "load_balancing/metrics": loadBalancing({ routingKey: "resource", to: otlpByTraceId, ...balanced }),
      }),
      ...(otlpByService && {
        "load_balancing/service": loadBalancing({ routingKey: "service", to: otlpByService, ...balanced }),
      }),
      otlp_grpc: {
        endpoint: endpointUrl(otlp),
        tls: { insecure: otlp.scheme === "grpc" },
        ...queued(sizing.queueItems, props.queue),
      },
    },
    extensions: { ...healthCheck, ...(props.queue === "disk" && fileStorage) },
    service: {
      extensions: ["health_check", ...(props.queue === "disk" ? ["file_storage"] : [])],
      telemetry: selfTelemetry("normal"),
      pipelines: {
        traces: { receivers: ["otlp"], processors, exporters: spans },
        metrics: { receivers: ["otlp", "kubelet_stats"], processors, exporters: [metrics] },
        logs: { receivers: ["otlp"], processors, exporters: ["otlp_grpc"] },
      },
    },
  };
}

/** Only this node's pods are watched; one that sends is known by its uid, or by the connection's address. */
const kubernetesAttributes = {
  auth_type: "serviceAccount",
  passthrough: false,
  filter: { node_from_env_var: "K8S_NODE_NAME" },
  extract: { metadata: podAttributes },
  pod_association: [
    { sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }] },
    { sources: [{ from: "resource_attribute", name: "k8s.pod.ip" }] },
    { sources: [{ from: "connection" }] },
  ],
};
