import * as pulumi from "@pulumi/pulumi";
import { App } from "cdk8s";
import type { ComponentChart } from "../lib/kubernetes/index.ts";
import {
  childOptions,
  type Inputs,
  registerCharts,
  revealEndpoints,
  SkoposComponent,
  TokenTable,
  typeToken,
} from "../lib/pulumi/index.ts";
import { AlloyChart, type AlloyEndpoints, type AlloyProps } from "./alloy/index.ts";
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

/** {@link AlloyChart} as a Pulumi component. */
export class Alloy extends SkoposComponent<AlloyProps, AlloyEndpoints> {
  constructor(name: string, args: Inputs<AlloyProps>, opts?: Options) {
    super("Alloy", name, AlloyChart, args, opts);
  }
}

/** {@link GrafanaChart} as a Pulumi component. */
export class Grafana extends SkoposComponent<GrafanaProps, GrafanaEndpoints> {
  constructor(name: string, args: Inputs<GrafanaProps>, opts?: Options) {
    super("Grafana", name, GrafanaChart, args, opts);
  }
}

/** {@link KubePrometheusChart} as a Pulumi component. */
export class KubePrometheus extends SkoposComponent<KubePrometheusProps, KubePrometheusEndpoints> {
  constructor(name: string, args: Inputs<KubePrometheusProps>, opts?: Options) {
    super("KubePrometheus", name, KubePrometheusChart, args, opts);
  }
}

/** {@link LokiChart} as a Pulumi component. */
export class Loki extends SkoposComponent<LokiProps, LokiEndpoints> {
  constructor(name: string, args: Inputs<LokiProps>, opts?: Options) {
    super("Loki", name, LokiChart, args, opts);
  }
}

/** {@link MimirChart} as a Pulumi component. */
export class Mimir extends SkoposComponent<MimirProps, MimirEndpoints> {
  constructor(name: string, args: Inputs<MimirProps>, opts?: Options) {
    super("Mimir", name, MimirChart, args, opts);
  }
}

/** {@link PushgatewayChart} as a Pulumi component. */
export class Pushgateway extends SkoposComponent<PushgatewayProps, PushgatewayEndpoints> {
  constructor(name: string, args: Inputs<PushgatewayProps>, opts?: Options) {
    super("Pushgateway", name, PushgatewayChart, args, opts);
  }
}

/** {@link TracesChart} as a Pulumi component. */
export class Traces extends SkoposComponent<TracesProps, TracesEndpoints> {
  constructor(name: string, args: Inputs<TracesProps>, opts?: Options) {
    super("Traces", name, TracesChart, args, opts);
  }
}

/** {@link OtelAgentChart} as a Pulumi component. */
export class OtelAgent extends SkoposComponent<OtelAgentProps, OtelAgentEndpoints> {
  constructor(name: string, args: Inputs<OtelAgentProps>, opts?: Options) {
    super("OtelAgent", name, OtelAgentChart, args, opts);
  }
}

/** {@link OtelGatewayChart} as a Pulumi component. */
export class OtelGateway extends SkoposComponent<OtelGatewayProps, OtelGatewayEndpoints> {
  constructor(name: string, args: Inputs<OtelGatewayProps>, opts?: Options) {
    super("OtelGateway", name, OtelGatewayChart, args, opts);
  }
}

/** `otel-agent` -> `OtelAgent`. */
const kindOf = (component: string): string =>
  component.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());

/** A whole stack: one child component for each component that is on, each with its objects as children. */
export class Observability extends pulumi.ComponentResource {
  /** What each component publishes, by component. */
  readonly endpoints: Readonly<Record<string, unknown>>;
  /** The charts behind it, for whoever counts what they ask for. */
  readonly charts: readonly ComponentChart[];
  /** The child component that holds the namespaces; none where they exist already. */
  readonly namespaces: pulumi.Resource[] = [];

  constructor(name: string, args: Inputs<ObservabilityProps>, opts?: Options) {
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
    const endpoints = this.charts.map((chart) => [chart.node.id, revealEndpoints(chart.endpoints, tokens)]);
    this.endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}
