import { type Endpoint, endpointUrl } from "../kubernetes/index.ts";
import type { Resources } from "../sizing/index.ts";
import { cleanAttributes, type Statements, transform } from "./attributes.ts";
import { type Blocks, collectorPorts, memoryLimiter, otlpReceiver, podAttributes } from "./config.ts";
import { resourceDetection } from "./detectors.ts";
import { type GatewayResolver, loadBalancing } from "./load-balancing.ts";
import { batch, type QueueStorage, queued } from "./queue.ts";

/** Endpoints of the gateways that agents send telemetry of applications to. */
export interface GatewayTargets {
  /** For logs: load-balanced by the Service. */
  readonly otlp: Endpoint;
  /**
   * For spans and metrics: the headless Service, so that each trace and each series goes to one pod.
   * @default `otlp`, which is only valid with a single gateway
   */
  readonly otlpByTraceId?: Endpoint;
  /** For span metrics: the headless Service, so that each service goes to one pod. @default none */
  readonly otlpByService?: Endpoint;
}

/** What {@link applicationTelemetry} is made from. */
export interface ApplicationTelemetryProps {
  readonly gateway: GatewayTargets;
  /** Resources of the agent. */
  readonly resources: Resources;
  readonly queueItems: number;
  /** Resource detectors, after `env`. */
  readonly detectors: readonly string[];
  /** @default "kubernetes" */
  readonly resolver?: GatewayResolver;
  /** @default "memory" */
  readonly storage?: QueueStorage;
}

/** How agents receive, complete and pass on OTLP of applications, in the terms of a collector. */
export interface ApplicationTelemetry {
  readonly receivers: Blocks;
  /** In the order in which all signals pass them. */
  readonly processors: Blocks;
  readonly exporters: Blocks;
  /** Names of the exporters of each signal. */
  readonly routes: Readonly<Record<"traces" | "metrics" | "logs", readonly string[]>>;
}

/** Number of exporters, each with a queue of its own. */
export function exportersOf({ otlpByTraceId, otlpByService }: GatewayTargets): number {
  return 1 + (otlpByTraceId ? 2 : 0) + (otlpByService ? 1 : 0);
}

/**
 * The way of applications' telemetry to the gateways. The OpenTelemetry agent and Alloy are both rendered from it, so that an
 * application's telemetry does not depend on which of them it was sent to.
 */
export function applicationTelemetry(props: ApplicationTelemetryProps): ApplicationTelemetry {
  const { gateway, queueItems, resolver = "kubernetes", storage = "memory" } = props;
  const { otlp, otlpByTraceId, otlpByService } = gateway;
  const balanced = { resolver, queueItems, storage } as const;
  return {
    receivers: { otlp: otlpReceiver(collectorPorts["otlp-grpc"], collectorPorts["otlp-http"]) },
    processors: {
      memory_limiter: memoryLimiter(props.resources),
      resource_detection: resourceDetection(props.detectors),
      k8s_attributes: kubernetesAttributes,
      // Before metrics are routed by resource: process IDs would give a restarted application another gateway.
      "transform/clean-attrs": transform(completed),
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
        ...queued(queueItems, storage),
      },
    },
    routes: {
      traces: [otlpByTraceId ? "load_balancing" : "otlp_grpc", ...(otlpByService ? ["load_balancing/service"] : [])],
      // A gateway exposes the last value of a series for minutes. If metrics changed gateways with each connection, a series
      // would be exposed by several of them and counted as often. All series of a resource go to one gateway.
      metrics: [otlpByTraceId ? "load_balancing/metrics" : "otlp_grpc"],
      logs: ["otlp_grpc"],
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

/** Copied where the application did not say who it is, and never overwritten. Not on the gateway, whose pods are not theirs. */
const instance = {
  context: "resource",
  statements: [
    'set(resource.attributes["service.instance.id"], resource.attributes["k8s.pod.name"]) where resource.attributes["service.instance.id"] == nil',
  ],
} as const;

const completed: Statements = {
  trace: [instance, ...cleanAttributes.trace],
  metric: [instance, ...cleanAttributes.metric],
  log: [instance, ...cleanAttributes.log],
};
