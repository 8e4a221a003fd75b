import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  dashboardConfigMap,
  type Endpoint,
  rules,
  serviceHost,
  serviceMonitor,
} from "../../lib/kubernetes/index.ts";
import {
  type CollectorMode,
  collector,
  collectorName,
  collectorPods,
  collectorPorts,
  collectorServiceLabels,
} from "../../lib/otel/index.ts";
import { type Workload, workloads } from "../../lib/sizing/index.ts";
import {
  defaultTailSampling,
  gatewayPorts,
  otelGatewayConfig,
  type ResourceLabels,
  spanMetricsPort,
  type TailSampling,
} from "./config.ts";
import { otelGatewayAlerts } from "./monitoring/alerts.ts";
import { otelGatewayDashboard } from "./monitoring/dashboards.ts";
import { type OtelGatewaySizing, sizeOtelGateway } from "./sizing.ts";

export interface OtelGatewayProps extends ComponentProps {
  /** Who runs the collector. @default "native" */
  readonly mode?: CollectorMode;
  /** What it has to carry. @default the `small` workload */
  readonly workload?: Workload;
  /** @default computed from the workload */
  readonly sizing?: OtelGatewaySizing;
  /** What a trace must be to be kept. @default 30 s wait, all errors, all above 1 s, 50 % of the rest */
  readonly tailSampling?: TailSampling;
  /** Resource attributes that become labels on :8889. @default "all" */
  readonly resourceLabels?: ResourceLabels;
  /** Where kept traces go, with the backend's name (`jaeger`, `tempo`). @default nowhere: there is no traces pipeline */
  readonly traces?: Endpoint & { readonly backend: string };
  /** Where logs go: Loki's OTLP endpoint. @default nowhere: there is no logs pipeline */
  readonly logs?: Endpoint;
  /** Rate, errors and duration of spans as metrics, taken before sampling. @default false */
  readonly spanMetrics?: boolean;
}

export interface OtelGatewayEndpoints {
  /** OTLP/gRPC, any pod: for metrics and logs. */
  readonly otlp: Endpoint;
  /** OTLP/gRPC, every pod by itself: for spans, which must be routed by trace id. */
  readonly otlpByTraceId: Endpoint;
  /** OTLP/gRPC, every pod by itself, for spans routed by service. Absent without span metrics. */
  readonly otlpByService?: Endpoint;
}

/**
 * The OpenTelemetry gateway: a StatefulSet of collectors that drops noise, cleans attributes, samples whole traces and
 * exposes metrics on :8889, from where Prometheus takes them.
 */
export class OtelGatewayChart extends ComponentChart<OtelGatewayEndpoints> {
  readonly endpoints: OtelGatewayEndpoints;

  constructor(scope: Construct, id: string, props: OtelGatewayProps) {
    super(scope, id, "otel-gateway", props);
    const mode = props.mode ?? "native";
    const tailSampling = props.tailSampling ?? defaultTailSampling;
    const sizing =
      props.sizing ??
      sizeOtelGateway({
        workload: props.workload ?? workloads.small,
        availability: "redundant",
        decisionWaitSeconds: tailSampling.decisionWaitSeconds,
      });
    const spanMetrics = props.spanMetrics ?? false;
    const config = otelGatewayConfig({
      sizing,
      tailSampling,
      resourceLabels: props.resourceLabels ?? "all",
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
    });
    const pods = collectorPods(this, mode);
    serviceMonitor(this, {
      part: this.component,
      name: this.name,
      // The headless Service alone: the base Service has the same pods behind it, and each would be scraped twice.
      selector: collectorServiceLabels(this, mode, "headless"),
      pods,
      port: "prometheus",
      targetPort: gatewayPorts.prometheus,
      interval: "30s",
      honorLabels: false,
      class: "cluster",
    });
    for (const [to, why] of [
      [props.traces, "kept traces"],
      [props.logs, "application logs"],
    ] as const) {
      if (to) this.connectsTo(pods, to, why);
    }

    const { replicas } = sizing.gateway;
    rules(this, this.component, otelGatewayAlerts(this, { replicas, samples: props.traces !== undefined }));
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
