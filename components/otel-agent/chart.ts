import type { Construct } from "constructs";
import {
  apiServerPorts,
  ComponentChart,
  type ComponentProps,
  dashboardConfigMap,
  type Endpoint,
  kubeletPort,
  type Labels,
  peerOf,
  reads,
  rules,
  scratchVolume,
  serviceAccount,
  serviceHost,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import {
  type CollectorMode,
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  detectedByEnvironment,
  detectorsOf,
  metadataService,
  type QueueStorage,
  queueFolder,
} from "../../lib/otel/index.ts";
import { assertValid, type SizeOverride, type Workload, workloads } from "../../lib/sizing/index.ts";
import { exportersOf, type GatewayResolver, otelAgentConfig } from "./config.ts";
import { defaultKubeletMetrics, type KubeletMetric } from "./kubelet.ts";
import { otelAgentAlerts } from "./monitoring/alerts.ts";
import { otelAgentDashboard } from "./monitoring/dashboards.ts";
import { otelAgentShape } from "./shape.ts";
import { type OtelAgentSizing, sizeOtelAgent } from "./sizing.ts";
import { validateOtelAgent } from "./validate.ts";

export interface OtelAgentProps extends ComponentProps {
  /** Endpoints of the gateway. */
  readonly gateway: {
    /** For logs: load-balanced by the Service. */
    readonly otlp: Endpoint;
    /**
     * For spans and metrics: the headless Service, so that each trace and each series goes to one pod.
     * @default `otlp`, which is only valid with a single gateway
     */
    readonly otlpByTraceId?: Endpoint;
    /** For span metrics: the headless Service, so that each service goes to one pod. @default none */
    readonly otlpByService?: Endpoint;
  };
  /** Whether the chart deploys the collector itself, or an OpenTelemetryCollector resource for the OpenTelemetry operator. @default "native" */
  readonly mode?: CollectorMode;
  /** Of which nodes, pods and `spansPerSecond` are used. @default the `small` workload */
  readonly workload?: Workload;
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
}

export interface OtelAgentEndpoints {
  /** OTLP/gRPC for applications. */
  readonly otlpGrpc: Endpoint;
  /** OTLP/HTTP for applications. */
  readonly otlpHttp: Endpoint;
}

/**
 * The OpenTelemetry agent: a collector on every node that receives telemetry of applications, reads the kubelet's CPU and
 * memory metrics, adds attributes of the sending pod, and sends everything to the gateway, spans routed by trace ID.
 */
export class OtelAgentChart extends ComponentChart<OtelAgentEndpoints> {
  /** What each of its props may be. */
  static readonly shape = otelAgentShape;

  readonly endpoints: OtelAgentEndpoints;

  /** Computed sizes, with the overrides applied. */
  readonly sizing: OtelAgentSizing;

  /** @throws InvalidPropsError with every finding of {@link validateOtelAgent} */
  constructor(scope: Construct, id: string, props: OtelAgentProps) {
    super(scope, id, "otel-agent", props, { image: "otel-collector" });
    assertValid("OtelAgentChart", this.name, validateOtelAgent(props));
    const mode = props.mode ?? "native";
    const queue = props.queue ?? "memory";
    const sizing = sizeOtelAgent({
      workload: props.workload ?? workloads.small,
      exporters: exportersOf(props.gateway),
      queue,
      size: { ...props.size, ...sizeOverride(props) },
    });
    this.sizing = sizing;
    const detectors = props.detectors ?? detectorsOf(this.cluster.platform);
    const resolver = props.resolver ?? "kubernetes";
    const account = serviceAccount(this, {
      part: this.component,
      clusterRules: [
        // Names of owners come from the pods themselves.
        reads("", "pods"),
        { apiGroups: [""], resources: ["nodes/stats"], verbs: ["get"] },
        ...(resolver === "kubernetes" ? [reads("discovery.k8s.io", "endpointslices")] : []),
      ],
    });
    collector(this, {
      mode,
      kind: "DaemonSet",
      config: otelAgentConfig({
        ...props.gateway,
        sizing,
        queue,
        cluster: this.cluster,
        resolver,
        detectors,
        kubeletInsecure: props.kubeletInsecure ?? false,
        kubeletMetrics: props.kubeletMetrics ?? defaultKubeletMetrics,
      }),
      sized: sizing.agent,
      env: detectedByEnvironment(this.cluster.name),
      serviceAccount: account,
      ...(queue === "disk" && {
        mounts: [{ volume: scratchVolume("queues", sizing.queueDiskBytes), path: queueFolder }],
      }),
      terminationGraceSeconds: 60,
      // Without an agent on every node, a node-local Service silently drops the telemetry of the other nodes.
      nodeLocal: (props.service ?? (props.nodeSelector ? "cluster" : "node-local")) === "node-local",
      everyNode: !props.nodeSelector,
      ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
    });

    const pods = collectorPods(this, mode);
    const { "otlp-grpc": grpc, "otlp-http": http } = collectorPorts;
    this.connects("any pod", pods, [grpc, http], "application telemetry");
    this.connects(pods, peerOf(props.gateway.otlp), [grpc], "metrics, logs and spans");
    if (props.gateway.otlpByService) {
      const { otlpByService } = props.gateway;
      this.connects(pods, peerOf(otlpByService), [otlpByService.port], "spans for span metrics");
    }
    this.connects(pods, "api server", apiServerPorts, "pod attributes");
    this.connects(pods, "nodes", [kubeletPort], "kubelet metrics");
    if (detectors.length > 0) this.connects(pods, { cidrs: [metadataService] }, [80], "cloud region and zone");

    rules(this, this.component, otelAgentAlerts(this));
    dashboardConfigMap(this, otelAgentDashboard(this));

    const host = serviceHost(this, collectorName(this));
    this.endpoints = {
      otlpGrpc: { scheme: "grpc", host, port: grpc, pods },
      otlpHttp: { scheme: "http", host, port: http, pods },
    };
  }
}
