import type { Construct } from "constructs";
import {
  apiServerPorts,
  ComponentChart,
  dashboardConfigMap,
  kubeletPort,
  peerOf,
  reads,
  rules,
  scratchVolume,
  serviceAccount,
  serviceHost,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import {
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  detectedByEnvironment,
  detectorsOf,
  exportersOf,
  metadataService,
  queueFolder,
} from "../../lib/otel/index.ts";
import { assertValid, completeWorkload } from "../../lib/sizing/index.ts";
import { otelAgentConfig } from "./config.ts";
import { defaultKubeletMetrics, kubeletEnvironment } from "./kubelet.ts";
import { otelAgentAlerts } from "./monitoring/alerts.ts";
import { otelAgentDashboard } from "./monitoring/dashboards.ts";
import type { OtelAgentEndpoints, OtelAgentProps } from "./props.ts";
import { otelAgentShape } from "./shape.ts";
import { type OtelAgentSizing, sizeOtelAgent } from "./sizing.ts";
import { validateOtelAgent } from "./validate.ts";

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
      workload: completeWorkload(props.workload),
      exporters: exportersOf(props.gateway) + Object.keys(props.additions?.exporters ?? {}).length,
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
        gateway: props.gateway,
        sizing,
        queue,
        cluster: this.cluster,
        resolver,
        detectors,
        kubeletInsecure: props.kubeletInsecure ?? false,
        kubeletMetrics: props.kubeletMetrics ?? defaultKubeletMetrics,
      }),
      sized: sizing.agent,
      env: { ...detectedByEnvironment(this.cluster.name), ...kubeletEnvironment },
      serviceAccount: account,
      ...(queue === "disk" && {
        mounts: [{ volume: scratchVolume("queues", sizing.queueDiskBytes), path: queueFolder }],
      }),
      ...(props.additions && { additions: props.additions }),
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
