import * as pulumi from "@pulumi/pulumi";
import { App } from "cdk8s";
import {
  childOptions,
  type Inputs,
  Registered,
  revealEndpoints,
  SkoposComponent,
  TokenTable,
  typeToken,
} from "../lib/pulumi/index.ts";
import { composeObservability, type ObservabilityProps } from "./observability.ts";
import { OtelAgentChart, type OtelAgentEndpoints, type OtelAgentProps } from "./otel-agent/index.ts";
import { OtelGatewayChart, type OtelGatewayEndpoints, type OtelGatewayProps } from "./otel-gateway/index.ts";

type Options = pulumi.ComponentResourceOptions;

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
  /** The child component that holds the namespaces; none where they exist already. */
  readonly namespaces: pulumi.Resource[] = [];

  constructor(name: string, args: Inputs<ObservabilityProps>, opts?: Options) {
    super(typeToken("Observability"), name, {}, opts);
    const tokens = new TokenTable();
    const registered = new Registered();
    const endpoints: [string, unknown][] = [];
    for (const chart of composeObservability(new App(), tokens.hide<ObservabilityProps>(args))) {
      const childName = `${name}-${chart.node.id}`;
      const child = new pulumi.ComponentResource(typeToken(kindOf(chart.component)), childName, {}, { parent: this });
      registered.addChart(chart, tokens, childName, childOptions(child, opts));
      endpoints.push([chart.node.id, revealEndpoints(chart.endpoints, tokens)]);
      if (chart.component === "namespaces") this.namespaces.push(child);
    }
    this.endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}
