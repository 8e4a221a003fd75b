import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  dashboardConfigMap,
  type Endpoint,
  rules,
  serviceHost,
  serviceMonitor,
  sizeOverride,
} from "../../lib/kubernetes/index.ts";
import {
  type CollectorMode,
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  collectorServiceLabels,
} from "../../lib/otel/index.ts";
import { type Availability, assertValid, type SizeOverride, type Workload, workloads } from "../../lib/sizing/index.ts";
import {
  defaultProbePaths,
  defaultTailSampling,
  gatewayPorts,
  otelGatewayConfig,
  type ResourceLabels,
  spanMetricsPort,
  type TailSampling,
} from "./config.ts";
import { otelGatewayAlerts } from "./monitoring/alerts.ts";
import { otelGatewayDashboard } from "./monitoring/dashboards.ts";
import { otelGatewayShape } from "./shape.ts";
import { type OtelGatewaySizing, sizeOtelGateway } from "./sizing.ts";
import { validateOtelGateway } from "./validate.ts";

export interface OtelGatewayProps extends ComponentProps {
  /** Whether the chart deploys the collector itself, or an OpenTelemetryCollector resource for the OpenTelemetry operator. @default "native" */
  readonly mode?: CollectorMode;
  /** Of which `spansPerSecond` and `spansPerTrace` are used. @default the `small` workload */
  readonly workload?: Workload;
  /** Whether the gateway survives the loss of a pod or a node. @default "redundant" */
  readonly availability?: Availability;
  /** Number of gateways. @default computed from the workload */
  readonly replicas?: number;
  /** Values that replace computed resources. @default computed from the workload */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
  /** Which traces are kept. @default after 30 s: all with errors, all longer than 1 s, 50 % of the rest */
  readonly tailSampling?: TailSampling;
  /**
   * Paths of health probes. Traces that start with one, or with the user agent of a known prober, are dropped unless they
   * contain an error.
   * @default ["/healthz", "/livez", "/readyz", "/startupz"]
   */
  readonly probePaths?: readonly string[];
  /** Resource attributes that become labels of the metrics on :8889. @default "all" @example ["k8s.namespace.name", "k8s.pod.name"] */
  readonly resourceLabels?: ResourceLabels;
  /** OTLP/gRPC endpoint for sampled traces, with the backend's name (`jaeger`, `tempo`). @default none: no traces pipeline */
  readonly traces?: Endpoint & { readonly backend: string };
  /** OTLP/HTTP endpoint for logs, such as Loki's. @default none: no logs pipeline */
  readonly logs?: Endpoint;
  /**
   * Compute request rate, errors and duration of each service's operations from spans, before sampling. Agents then send every span
   * twice, and there are about 20 series per operation, kind and status.
   * @default false
   */
  readonly spanMetrics?: boolean;
}

export interface OtelGatewayEndpoints {
  /** OTLP/gRPC, load-balanced by the Service. */
  readonly otlp: Endpoint;
  /** OTLP/gRPC of the headless Service, for spans routed by trace ID. */
  readonly otlpByTraceId: Endpoint;
  /** OTLP/gRPC of the headless Service, for spans routed by service name. Absent without `spanMetrics`. */
  readonly otlpByService?: Endpoint;
}

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
      workload: props.workload ?? workloads.small,
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
    });
    collector(this, {
      mode,
      kind: "StatefulSet",
      config,
      sized: sizing.gateway,
      ports: { ...gatewayPorts, ...(spanMetrics && spanMetricsPort) },
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
