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
  serviceAccount,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import { type CollectorMode, collector, collectorName, collectorPods, collectorPorts } from "../../lib/otel/index.ts";
import { type Workload, workloads } from "../../lib/sizing/index.ts";
import { detectorsOf, type GatewayResolver, metadataService, otelAgentConfig } from "./config.ts";
import { otelAgentAlerts } from "./monitoring/alerts.ts";
import { otelAgentDashboard } from "./monitoring/dashboards.ts";
import { type OtelAgentSizing, sizeOtelAgent } from "./sizing.ts";

export interface OtelAgentProps extends ComponentProps {
  /** The gateway that takes everything. */
  readonly gateway: {
    /** For metrics and logs. */
    readonly otlp: Endpoint;
    /** For spans: the headless Service, so that each trace goes to one pod. @default spans go with the rest: right for one gateway alone */
    readonly otlpByTraceId?: Endpoint;
    /** For span metrics. @default none */
    readonly otlpByService?: Endpoint;
  };
  /** Who runs the collector. @default "native" */
  readonly mode?: CollectorMode;
  /** What it has to carry. @default the `small` workload */
  readonly workload?: Workload;
  /** @default computed from the workload */
  readonly sizing?: OtelAgentSizing;
  /** Nodes that get an agent, `{"otel-agent": "true"}`. The Service then sends other nodes' telemetry across the cluster. @default every node */
  readonly nodeSelector?: Labels;
  /**
   * Which agent applications reach through the Service: the one on their own node, or any.
   * @default "node-local", and "cluster" with a `nodeSelector`, since not every node has an agent then
   */
  readonly service?: "node-local" | "cluster";
  /** @default "kubernetes": it survives a gateway pod's new address */
  readonly resolver?: GatewayResolver;
  /** Resource detectors after `env`. @default by platform: ec2, gcp or azure, elsewhere none */
  readonly detectors?: readonly string[];
  /** Accept any certificate of the kubelet: for clusters whose kubelets sign their own. @default false */
  readonly kubeletInsecure?: boolean;
}

export interface OtelAgentEndpoints {
  /** OTLP/gRPC for applications. */
  readonly otlpGrpc: Endpoint;
  /** OTLP/HTTP for applications. */
  readonly otlpHttp: Endpoint;
}

/**
 * The OpenTelemetry agent: a collector on every node that takes the applications' telemetry and the kubelet's CPU and
 * memory metrics, adds who and where the sender is, and routes spans by trace id to the gateway.
 */
export class OtelAgentChart extends ComponentChart<OtelAgentEndpoints> {
  readonly endpoints: OtelAgentEndpoints;

  constructor(scope: Construct, id: string, props: OtelAgentProps) {
    super(scope, id, "otel-agent", props);
    const mode = props.mode ?? "native";
    const sizing = props.sizing ?? sizeOtelAgent(props.workload ?? workloads.small);
    const detectors = props.detectors ?? detectorsOf(this.cluster.platform);
    const resolver = props.resolver ?? "kubernetes";
    const account = serviceAccount(this, {
      part: this.component,
      clusterRules: [
        reads("", "pods", "namespaces", "nodes"),
        reads("apps", "replicasets", "deployments", "statefulsets", "daemonsets"),
        reads("batch", "jobs"),
        { apiGroups: [""], resources: ["nodes/stats"], verbs: ["get"] },
        ...(resolver === "kubernetes" ? [reads("discovery.k8s.io", "endpointslices"), reads("", "endpoints")] : []),
      ],
    });
    collector(this, {
      mode,
      kind: "DaemonSet",
      config: otelAgentConfig({
        ...props.gateway,
        sizing,
        cluster: this.cluster,
        resolver,
        detectors,
        kubeletInsecure: props.kubeletInsecure ?? false,
      }),
      sized: sizing.agent,
      env: {
        K8S_NODE_NAME: { field: "spec.nodeName" },
        OTEL_RESOURCE_ATTRIBUTES: `k8s.cluster.name=${this.cluster.name},k8s.node.name=$(K8S_NODE_NAME),host.name=$(K8S_NODE_NAME)`,
      },
      serviceAccount: account,
      terminationGraceSeconds: 60,
      // Without an agent on every node, a node-local Service silently drops the telemetry of the other nodes.
      nodeLocal: (props.service ?? (props.nodeSelector ? "cluster" : "node-local")) === "node-local",
      everyNode: !props.nodeSelector,
      ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
    });

    const pods = collectorPods(this, mode);
    const { "otlp-grpc": grpc, "otlp-http": http } = collectorPorts;
    this.connects("any pod", pods, [grpc, http], "application telemetry");
    this.connects(pods, peerOf(props.gateway.otlp), [grpc], "metrics and logs; spans by trace id");
    if (props.gateway.otlpByService) {
      const { otlpByService } = props.gateway;
      this.connects(pods, peerOf(otlpByService), [otlpByService.port], "spans by service");
    }
    this.connects(pods, "api server", apiServerPorts, "pods' names and owners");
    this.connects(pods, "nodes", [kubeletPort], "kubelet stats");
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
