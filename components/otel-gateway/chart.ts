import type { Construct } from "constructs";
import {
  ComponentChart,
  dashboardConfigMap,
  rules,
  serviceHost,
  serviceMonitor,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import {
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  collectorServiceLabels,
} from "../../lib/otel/index.ts";
import { assertValid, completeWorkload } from "../../lib/sizing/index.ts";
import { defaultProbePaths, defaultTailSampling, gatewayPorts, otelGatewayConfig, spanMetricsPort } from "./config.ts";
import { otelGatewayAlerts } from "./monitoring/alerts.ts";
import { otelGatewayDashboard } from "./monitoring/dashboards.ts";
import type { OtelGatewayEndpoints, OtelGatewayProps } from "./props.ts";
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

  /** @throws InvalidPropsError with every finding of {@link validateOtelGateway} */
  constructor(scope: Construct, id: string, props: OtelGatewayProps) {
    super(scope, id, "otel-gateway", props, { image: "otel-collector" });
    assertValid("OtelGatewayChart", this.name, validateOtelGateway(props));
    const mode = props.mode ?? "native";
    const tailSampling = props.tailSampling ?? defaultTailSampling;
    const { replicas, ...size } = { ...props.size, ...sizeOverride(props) };
    const sizing = sizeOtelGateway({
      workload: completeWorkload(props.workload),
      availability: props.availability ?? "redundant",
      decisionWaitSeconds: tailSampling.decisionWaitSeconds,
      ...(replicas !== undefined && { replicas }),
      size,
    });
    this.sizing = sizing;
    const spanMetrics = props.spanMetrics ?? false;
    const config = otelGatewayConfig({
      sizing,
      tailSampling,
      resourceLabels: props.resourceLabels ?? "all",
      probePaths: props.probePaths ?? defaultProbePaths,
      spanMetrics,
      ...(props.traces && { traces: props.traces }),
      ...(props.logs && { logs: props.logs }),
      tenantNamespaces: props.tenantNamespaces ?? {},
    });
    collector(this, {
      mode,
      kind: "StatefulSet",
      config,
      sized: sizing.gateway,
      ports: { ...gatewayPorts, ...(spanMetrics && spanMetricsPort) },
      ...(props.additions && { additions: props.additions }),
      routed: sizing.gateway.replicas > 1,
      terminationGraceSeconds: sizing.terminationGraceSeconds,
      ...(props.traces && { featureGates: [weightsGate] }),
    });
    const pods = collectorPods(this, mode);
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

    const gateways = sizing.gateway.replicas;
    rules(this, this.component, otelGatewayAlerts(this, { replicas: gateways, samples: props.traces !== undefined }));
    dashboardConfigMap(this, otelGatewayDashboard(this));

    const name = collectorName(this);
    const otlp = { scheme: "grpc", port: collectorPorts["otlp-grpc"], pods } as const;
    this.endpoints = {
      otlp: { ...otlp, host: serviceHost(this, name) },
      otlpByTraceId: { ...otlp, host: serviceHost(this, `${name}-headless`) },
      ...(spanMetrics && {
        otlpByService: { ...otlp, host: serviceHost(this, `${name}-headless`), port: spanMetricsPort["otlp-spans"] },
      }),
    };
  }
}
