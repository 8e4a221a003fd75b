import type { Construct } from "constructs";
import type { ClusterFacts, ComponentChart, ComponentProps, ImageOptions } from "../lib/kubernetes/index.ts";
import type { Evaluator } from "../lib/monitoring/rules.ts";
import type { CollectorMode } from "../lib/otel/index.ts";
import { NamespacesChart } from "./namespaces/index.ts";
import { NetworkPoliciesChart } from "./network-policies/index.ts";
import { OtelAgentChart, type OtelAgentProps } from "./otel-agent/index.ts";
import { OtelGatewayChart, type OtelGatewayProps } from "./otel-gateway/index.ts";

/** A component's own settings: all but what the stack gives to every component and what it connects. */
type Settings<Props extends ComponentProps, Connected extends keyof Props = never> = Omit<
  Props,
  keyof ComponentProps | Connected | "mode" | "workload"
>;

/** A whole stack, worked out: what is there, how large, and where. A component that is absent is off. */
export interface ObservabilityProps {
  readonly cluster: ClusterFacts;
  readonly namespaces: {
    readonly stack: string;
    readonly agents: string;
    /** Whether the stack makes them. */
    readonly create: boolean;
  };
  readonly images?: ImageOptions;
  readonly priorityClassName?: string;
  readonly runbooks?: string;
  /** Whether everything but the declared connections is denied. */
  readonly networkPolicies: boolean;
  readonly collectors: CollectorMode;
  /** Who evaluates the rules that are not about Prometheus itself. */
  readonly evaluator: Evaluator;
  readonly otelAgent?: Settings<OtelAgentProps, "gateway"> & {
    /** Whether spans are routed by trace id: needed as soon as there are two gateways that sample. */
    readonly routeByTraceId: boolean;
  };
  readonly otelGateway?: Settings<OtelGatewayProps, "traces" | "logs">;
}

/** The charts of a stack, in the order in which they must come up. */
export function composeObservability(scope: Construct, props: ObservabilityProps): readonly ComponentChart[] {
  const charts: ComponentChart[] = [];
  const add = <T extends ComponentChart>(chart: T): T => {
    charts.push(chart);
    return chart;
  };
  const shared = {
    namespace: props.namespaces.stack,
    cluster: props.cluster,
    evaluator: props.evaluator,
    ...(props.images && { images: props.images }),
    ...(props.priorityClassName && { priorityClassName: props.priorityClassName }),
    ...(props.runbooks && { runbooks: props.runbooks }),
  };

  if (props.namespaces.create) {
    add(new NamespacesChart(scope, "namespaces", { ...shared, agentsNamespace: props.namespaces.agents }));
  }

  const gateway =
    props.otelGateway &&
    add(new OtelGatewayChart(scope, "otel-gateway", { ...shared, ...props.otelGateway, mode: props.collectors }));

  if (props.otelAgent && gateway) {
    const { routeByTraceId, ...settings } = props.otelAgent;
    const { otlp, otlpByTraceId, otlpByService } = gateway.endpoints;
    add(
      new OtelAgentChart(scope, "otel-agent", {
        ...shared,
        ...settings,
        mode: props.collectors,
        gateway: { otlp, ...(routeByTraceId && { otlpByTraceId }), ...(otlpByService && { otlpByService }) },
      }),
    );
  }

  if (props.networkPolicies) {
    const allowed = charts.flatMap((chart) => chart.edges);
    add(new NetworkPoliciesChart(scope, "network-policies", { ...shared, allowed }));
  }
  return charts;
}
