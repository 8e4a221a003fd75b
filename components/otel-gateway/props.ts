import { type ComponentProps, type Endpoint, sizeOverride, type TenantNamespaces } from "../../lib/kubernetes/index.ts";
import type { CollectorAdditions, CollectorMode } from "../../lib/otel/index.ts";
import { type Availability, completeWorkload, type SizeOverride, type Workload } from "../../lib/sizing/index.ts";
import { defaultTailSampling, type ResourceLabels, type TailSampling } from "./config.ts";
import type { OutsideRoute } from "./outside.ts";
import { gatewayReplicas, type OtelGatewayLoad } from "./sizing.ts";

export interface OtelGatewayProps extends ComponentProps {
  /** Whether the chart deploys the collector itself, or an OpenTelemetryCollector resource for the OpenTelemetry operator. @default "native" */
  readonly mode?: CollectorMode;
  /** Of which `spansPerSecond` and `spansPerTrace` are used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
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
  /** Namespaces whose logs are sent to `logs` as another tenant. @default none */
  readonly tenantNamespaces?: TenantNamespaces;
  /**
   * Compute request rate, errors and duration of each service's operations from spans, before sampling. Agents then send every span
   * twice, and there are about 20 series per operation, kind and status.
   * @default false
   */
  readonly spanMetrics?: boolean;
  /** Receivers, processors, exporters and pipelines of your own. @default none */
  readonly additions?: CollectorAdditions;
  /** How telemetry reaches the gateways from outside the cluster, with authentication. @default not at all */
  readonly route?: OutsideRoute;
  /**
   * Spans of network flows per second, from flow agents. They have a port and a pipeline of their own, which neither samples them nor
   * counts them in span metrics.
   * @default none: no flows are received
   */
  readonly flowSpansPerSecond?: number;
}

export interface OtelGatewayEndpoints {
  /** OTLP/gRPC, load-balanced by the Service. */
  readonly otlp: Endpoint;
  /** OTLP/gRPC of the headless Service, for spans routed by trace ID. */
  readonly otlpByTraceId: Endpoint;
  /** OTLP/gRPC of the headless Service, for spans routed by service name. Absent without `spanMetrics`. */
  readonly otlpByService?: Endpoint;
  /** OTLP/gRPC for spans of network flows, load-balanced by the Service. Absent without `flowSpansPerSecond`, or without `traces`. */
  readonly flows?: Endpoint;
}

/** What the sizes are computed from. */
export function loadOf(props: OtelGatewayProps): OtelGatewayLoad {
  const { availability = "redundant", tailSampling = defaultTailSampling, flowSpansPerSecond } = props;
  const workload = completeWorkload(props.workload);
  const { replicas, ...size } = { ...props.size, ...sizeOverride(props) };
  const several = (replicas ?? gatewayReplicas(workload, availability, flowSpansPerSecond)) > 1;
  const passedOn = [props.traces, props.spanMetrics].filter(Boolean).length + 1;
  return {
    workload,
    availability,
    decisionWaitSeconds: tailSampling.decisionWaitSeconds,
    ...(replicas !== undefined && { replicas }),
    ...(flowSpansPerSecond !== undefined && { flowSpansPerSecond }),
    ...(props.route && several && { outsideQueues: passedOn }),
    size,
  };
}
