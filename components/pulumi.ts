import * as pulumi from "@pulumi/pulumi";
import { App } from "cdk8s";
import type { ComponentChart } from "../lib/kubernetes/index.ts";
import {
  childOptions,
  type Inputs,
  type Outputs,
  registerCharts,
  revealEndpoints,
  SkoposComponent,
  TokenTable,
  typeToken,
} from "../lib/pulumi/index.ts";
import { AlloyChart, type AlloyEndpoints, type AlloyProps } from "./alloy/index.ts";
import { FlowAgentChart, type FlowAgentEndpoints, type FlowAgentProps } from "./flow-agent/index.ts";
import { GrafanaChart, type GrafanaEndpoints, type GrafanaProps } from "./grafana/index.ts";
import {
  KubePrometheusChart,
  type KubePrometheusEndpoints,
  type KubePrometheusProps,
} from "./kube-prometheus/index.ts";
import { LokiChart, type LokiEndpoints, type LokiProps } from "./loki/index.ts";
import { MimirChart, type MimirEndpoints, type MimirProps } from "./mimir/index.ts";
import { composeObservability, type ObservabilityProps } from "./observability.ts";
import { OtelAgentChart, type OtelAgentEndpoints, type OtelAgentProps } from "./otel-agent/index.ts";
import { OtelGatewayChart, type OtelGatewayEndpoints, type OtelGatewayProps } from "./otel-gateway/index.ts";
import { PushgatewayChart, type PushgatewayEndpoints, type PushgatewayProps } from "./pushgateway/index.ts";
import { observabilityShape } from "./shape.ts";
import { TracesChart, type TracesEndpoints, type TracesProps } from "./traces/index.ts";

type Options = pulumi.ComponentResourceOptions;

/** {@link AlloyProps}, in which free text may be an Output. */
export type AlloyArgs = Inputs<AlloyProps>;

/** {@link AlloyChart} as a Pulumi component. */
export class Alloy extends SkoposComponent<AlloyProps, AlloyEndpoints> {
  constructor(name: string, args: AlloyArgs, opts?: Options) {
    super("Alloy", name, AlloyChart, args, opts);
  }
}

/** {@link FlowAgentProps}, in which free text may be an Output. */
export type FlowAgentArgs = Inputs<FlowAgentProps>;

/** {@link FlowAgentChart} as a Pulumi component. */
export class FlowAgent extends SkoposComponent<FlowAgentProps, FlowAgentEndpoints> {
  constructor(name: string, args: FlowAgentArgs, opts?: Options) {
    super("FlowAgent", name, FlowAgentChart, args, opts);
  }
}

/** {@link GrafanaProps}, in which free text may be an Output. */
export type GrafanaArgs = Inputs<GrafanaProps>;

/** {@link GrafanaChart} as a Pulumi component. */
export class Grafana extends SkoposComponent<GrafanaProps, GrafanaEndpoints> {
  constructor(name: string, args: GrafanaArgs, opts?: Options) {
    super("Grafana", name, GrafanaChart, args, opts);
  }
}

/** {@link KubePrometheusProps}, in which free text may be an Output. */
export type KubePrometheusArgs = Inputs<KubePrometheusProps>;

/** {@link KubePrometheusChart} as a Pulumi component. */
export class KubePrometheus extends SkoposComponent<KubePrometheusProps, KubePrometheusEndpoints> {
  constructor(name: string, args: KubePrometheusArgs, opts?: Options) {
    super("KubePrometheus", name, KubePrometheusChart, args, opts);
  }
}

/** {@link LokiProps}, in which free text may be an Output. */
export type LokiArgs = Inputs<LokiProps>;

/** {@link LokiChart} as a Pulumi component. */
export class Loki extends SkoposComponent<LokiProps, LokiEndpoints> {
  constructor(name: string, args: LokiArgs, opts?: Options) {
    super("Loki", name, LokiChart, args, opts);
  }
}

/** {@link MimirProps}, in which free text may be an Output. */
export type MimirArgs = Inputs<MimirProps>;

/** {@link MimirChart} as a Pulumi component. */
export class Mimir extends SkoposComponent<MimirProps, MimirEndpoints> {
  constructor(name: string, args: MimirArgs, opts?: Options) {
    super("Mimir", name, MimirChart, args, opts);
  }
}

/** {@link PushgatewayProps}, in which free text may be an Output. */
export type PushgatewayArgs = Inputs<PushgatewayProps>;

/** {@link PushgatewayChart} as a Pulumi component. */
export class Pushgateway extends SkoposComponent<PushgatewayProps, PushgatewayEndpoints> {
  constructor(name: string, args: PushgatewayArgs, opts?: Options) {
    super("Pushgateway", name, PushgatewayChart, args, opts);
  }
}

/** {@link TracesProps}, in which free text may be an Output. */
export type TracesArgs = Inputs<TracesProps>;

/** {@link TracesChart} as a Pulumi component. */
export class Traces extends SkoposComponent<TracesProps, TracesEndpoints> {
  constructor(name: string, args: TracesArgs, opts?: Options) {
    super("Traces", name, TracesChart, args, opts);
  }
}

/** {@link OtelAgentProps}, in which free text may be an Output. */
export type OtelAgentArgs = Inputs<OtelAgentProps>;

/** {@link OtelAgentChart} as a Pulumi component. */
export class OtelAgent extends SkoposComponent<OtelAgentProps, OtelAgentEndpoints> {
  constructor(name: string, args: OtelAgentArgs, opts?: Options) {
    super("OtelAgent", name, OtelAgentChart, args, opts);
  }
}

/** {@link OtelGatewayProps}, in which free text may be an Output. */
export type OtelGatewayArgs = Inputs<OtelGatewayProps>;

/** {@link OtelGatewayChart} as a Pulumi component. */
export class OtelGateway extends SkoposComponent<OtelGatewayProps, OtelGatewayEndpoints> {
  constructor(name: string, args: OtelGatewayArgs, opts?: Options) {
    super("OtelGateway", name, OtelGatewayChart, args, opts);
  }
}

/** `otel-agent` -> `otelAgent`. */
const propOf = (component: string): string => component.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `otel-agent` -> `OtelAgent`. */
const kindOf = (component: string): string => propOf(`-${component}`);

/** {@link ObservabilityProps}, in which free text may be an Output. */
export type ObservabilityArgs = Inputs<ObservabilityProps>;

/** Endpoints of the components of a stack; those of a component that is off or externally managed are absent. */
export interface StackEndpoints {
  readonly mimir?: MimirEndpoints;
  readonly loki?: LokiEndpoints;
  readonly traces?: TracesEndpoints;
  readonly otelGateway?: OtelGatewayEndpoints;
  readonly otelAgent?: OtelAgentEndpoints;
  readonly alloy?: AlloyEndpoints;
  readonly kubePrometheus?: KubePrometheusEndpoints;
  readonly grafana?: GrafanaEndpoints;
  readonly pushgateway?: PushgatewayEndpoints;
}

/** A whole stack: one child component for each component that is on, each with its objects as children. */
export class Observability extends pulumi.ComponentResource {
  /** Endpoints that other programs and components can connect to, by component. */
  readonly endpoints: Outputs<StackEndpoints>;
  /** The charts behind it, for whoever counts what they ask for. */
  readonly charts: readonly ComponentChart[];
  /** The child component that holds the namespaces; none where they exist already. */
  readonly namespaces: pulumi.Resource[] = [];

  constructor(name: string, args: ObservabilityArgs, opts?: Options) {
    super(typeToken("Observability"), name, {}, opts);
    const tokens = new TokenTable();
    this.charts = composeObservability(new App(), tokens.hide<ObservabilityProps>(args, observabilityShape));
    const children = this.charts.map((chart) => {
      const childName = `${name}-${chart.node.id}`;
      const child = new pulumi.ComponentResource(typeToken(kindOf(chart.component)), childName, {}, { parent: this });
      if (chart.component === "namespaces") this.namespaces.push(child);
      return { chart, name: childName, opts: childOptions(child, opts) };
    });
    registerCharts(children, tokens);
    const endpoints = this.charts
      .filter((chart) => Object.keys(chart.endpoints).length > 0)
      .map((chart) => [propOf(chart.node.id), revealEndpoints(chart.endpoints, tokens)]);
    this.endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}
