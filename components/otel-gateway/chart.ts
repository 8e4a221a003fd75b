import type { Construct } from "constructs";
import {
  apiServerPorts,
  ComponentChart,
  dashboardConfigMap,
  type Pods,
  reads,
  rules,
  serviceAccount,
  serviceHost,
  serviceMonitor,
} from "../../lib/kubernetes/index.ts";
import {
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  collectorServiceLabels,
} from "../../lib/otel/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import {
  defaultProbePaths,
  defaultTailSampling,
  flowsPort,
  gatewayPorts,
  otelGatewayConfig,
  spanMetricsPort,
} from "./config.ts";
import { otelGatewayAlerts } from "./monitoring/alerts.ts";
import { otelGatewayDashboard } from "./monitoring/dashboards.ts";
import { addOutside, spanReceivers, tokenMount } from "./outside.ts";
import { loadOf, type OtelGatewayEndpoints, type OtelGatewayProps } from "./props.ts";
import { otelGatewayShape } from "./shape.ts";
import { type OtelGatewaySizing, sizeOtelGateway } from "./sizing.ts";
import { validateOtelGateway } from "./validate.ts";

/**
 * Writes the sampling probability of each kept trace into the tracestate of its spans, so that metrics computed from kept spans
 * count those that were not kept: Tempo multiplies by it.
 * @see https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/processor/tailsamplingprocessor
 */
const weightsGate = "processor.tailsamplingprocessor.usetracestate";

/**
 * The OpenTelemetry gateway: a StatefulSet of collectors that filters noise, removes attributes, samples whole traces, and
 * exposes metrics on :8889 for Prometheus.
 */
export class OtelGatewayChart extends ComponentChart<OtelGatewayEndpoints> {
  /** What each of its props may be. */
  static readonly shape = otelGatewayShape;

  readonly endpoints: OtelGatewayEndpoints;

  /** Computed sizes, with the overrides applied. */
  readonly sizing: OtelGatewaySizing;

  /** Receivers by which the spans of applications arrive, each span at one of them. */
  readonly spanReceivers: readonly string[];

  /** @throws InvalidPropsError with every finding of {@link validateOtelGateway} */
  constructor(scope: Construct, id: string, props: OtelGatewayProps) {
    super(scope, id, "otel-gateway", props, { image: "otel-collector" });
    assertValid("OtelGatewayChart", this.name, validateOtelGateway(props));
    const mode = props.mode ?? "native";
    const { route, spanMetrics = false } = props;
    const flows = props.flowSpansPerSecond !== undefined && props.traces !== undefined;
    const sizing = sizeOtelGateway(loadOf(props));
    this.sizing = sizing;
    const gateways = sizing.gateway.replicas;
    const pods = collectorPods(this, mode);
    this.endpoints = this.#endpointsAt(pods, { spanMetrics, flows });
    const outside = route && {
      route,
      traces: props.traces !== undefined,
      spanMetrics,
      queueItems: sizing.queueItems,
      ...(gateways > 1 && { gateways: this.endpoints }),
    };
    this.spanReceivers = spanReceivers(outside);
    const config = otelGatewayConfig({
      sizing,
      tailSampling: props.tailSampling ?? defaultTailSampling,
      resourceLabels: props.resourceLabels ?? "all",
      probePaths: props.probePaths ?? defaultProbePaths,
      spanMetrics,
      flows,
      ...(props.traces && { traces: props.traces }),
      ...(props.logs && { logs: props.logs }),
      tenantNamespaces: props.tenantNamespaces ?? {},
      ...(outside && { outside }),
    });
    collector(this, {
      mode,
      kind: "StatefulSet",
      config,
      sized: sizing.gateway,
      ports: { ...gatewayPorts, ...(spanMetrics && spanMetricsPort), ...(flows && flowsPort) },
      ...(props.additions && { additions: props.additions }),
      routed: sizing.gateway.replicas > 1,
      terminationGraceSeconds: sizing.terminationGraceSeconds,
      ...(route && { mounts: [tokenMount(route)] }),
      ...(outside?.gateways && { serviceAccount: this.#account() }),
      ...(props.traces && { featureGates: [weightsGate] }),
    });
    if (route) addOutside(this, route, pods);
    if (outside?.gateways) this.#passesOn(pods, spanMetrics);
    serviceMonitor(this, {
      part: this.component,
      name: this.name,
      // Only the headless Service: the base Service selects the same pods, and each would be scraped twice.
      selector: collectorServiceLabels(this, mode, "headless"),
      pods,
      port: "prometheus",
      targetPort: gatewayPorts.prometheus,
      interval: "30s",
      honorLabels: false,
      // The series are about other pods than the gateway. With its labels, queries that sum `container_memory_usage_bytes` by
      // namespace would book the whole cluster's memory to this one.
      metricRelabelings: [{ action: "labeldrop", regex: "(namespace|pod|container|service|endpoint)" }],
      class: "cluster",
    });
    for (const [to, why] of [
      [props.traces, "sampled traces"],
      [props.logs, "application logs"],
    ] as const) {
      if (to) this.connectsTo(pods, to, why);
    }

    const samples = props.traces !== undefined;
    rules(
      this,
      this.component,
      otelGatewayAlerts(this, { replicas: gateways, samples, spanReceivers: this.spanReceivers }),
    );
    dashboardConfigMap(this, otelGatewayDashboard(this, this.spanReceivers));
  }

  #endpointsAt(pods: Pods, { spanMetrics, flows }: { spanMetrics: boolean; flows: boolean }): OtelGatewayEndpoints {
    const name = collectorName(this);
    const otlp = { scheme: "grpc", port: collectorPorts["otlp-grpc"], pods } as const;
    const headless = serviceHost(this, `${name}-headless`);
    return {
      otlp: { ...otlp, host: serviceHost(this, name) },
      otlpByTraceId: { ...otlp, host: headless },
      ...(spanMetrics && { otlpByService: { ...otlp, host: headless, port: spanMetricsPort["otlp-spans"] } }),
      ...(flows && { flows: { ...otlp, host: serviceHost(this, name), port: flowsPort["otlp-flows"] } }),
    };
  }

  /** Rights to find the other gateways. */
  #account(): string {
    return serviceAccount(this, {
      part: this.component,
      namespaceRules: [reads("discovery.k8s.io", "endpointslices")],
    });
  }

  /** Gateways that pass telemetry from outside to each other. */
  #passesOn(pods: Pods, spanMetrics: boolean): void {
    const ports = [collectorPorts["otlp-grpc"], ...(spanMetrics ? [spanMetricsPort["otlp-spans"]] : [])];
    this.connects(pods, pods, ports, "telemetry from outside, to the gateway that is responsible");
    this.connects(pods, "api server", apiServerPorts, "addresses of the other gateways");
  }
}
