import type { ComponentProps, Endpoint, Labels } from "../../lib/kubernetes/index.ts";
import type {
  CollectorAdditions,
  CollectorMode,
  GatewayResolver,
  GatewayTargets,
  QueueStorage,
} from "../../lib/otel/index.ts";
import type { SizeOverride, Workload } from "../../lib/sizing/index.ts";
import type { KubeletMetric } from "./kubelet.ts";

export interface OtelAgentProps extends ComponentProps {
  /** Endpoints of the gateway. */
  readonly gateway: GatewayTargets;
  /** Whether the chart deploys the collector itself, or an OpenTelemetryCollector resource for the OpenTelemetry operator. @default "native" */
  readonly mode?: CollectorMode;
  /** Of which nodes, pods and `spansPerSecond` are used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** Values that replace computed resources. @default computed from the workload */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
  /** Nodes that get an agent, `{"otel-agent": "true"}`. The Service then sends other nodes' telemetry across the cluster. @default every node */
  readonly nodeSelector?: Labels;
  /**
   * Which agent applications reach through the Service: the one on their own node, or any.
   * @default "node-local", and "cluster" with a `nodeSelector`, since not every node has an agent then
   */
  readonly service?: "node-local" | "cluster";
  /** How the agent discovers gateway pods. @default "kubernetes", which hashes over pod names, so that new addresses do not change routes */
  readonly resolver?: GatewayResolver;
  /**
   * Resource detectors in addition to `env`.
   * @default by platform: ec2, gcp, azure or none
   * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/processor/resourcedetectionprocessor
   */
  readonly detectors?: readonly string[];
  /**
   * Where telemetry waits that cannot be sent. On `disk`, a quarter of an hour of it outlives restarts of the container, but not the
   * pod.
   * @default "memory"
   */
  readonly queue?: QueueStorage;
  /** Skip verification of the kubelets' serving certificates, for clusters whose kubelets use self-signed ones. @default false */
  readonly kubeletInsecure?: boolean;
  /** Metrics that are read from the kubelet. @default CPU, memory and file systems of containers, pods and nodes */
  readonly kubeletMetrics?: readonly KubeletMetric[];
  /** Receivers, processors, exporters and pipelines of your own. @default none */
  readonly additions?: CollectorAdditions;
}

export interface OtelAgentEndpoints {
  /** OTLP/gRPC for applications. */
  readonly otlpGrpc: Endpoint;
  /** OTLP/HTTP for applications. */
  readonly otlpHttp: Endpoint;
}
