import * as pulumi from "@pulumi/pulumi";
import { App, type Chart } from "cdk8s";
import type { Construct } from "constructs";
import type { Shape } from "../formats/index.ts";
import type { Inputs } from "./inputs.ts";
import { type Outputs, revealEndpoints } from "./outputs.ts";
import { warnOfReplacement } from "./provider.ts";
import { registerCharts } from "./register.ts";
import { TokenTable } from "./tokens.ts";

/** Class of a chart. */
export interface ChartClass<Props, Endpoints> {
  new (scope: Construct, id: string, props: Props): Chart & { readonly endpoints: Endpoints };
  /** What each of its props may be. @default unknown: values of Outputs are only checked to be text */
  readonly shape?: Shape;
}

/** Type token of a component: `skopos:index:Mimir`. */
export const typeToken = (kind: string): string => `skopos:index:${kind}`;

/** Options of a component that are passed to its children. Pulumi itself passes on provider, parent, aliases and transforms. */
export function childOptions(
  parent: pulumi.ComponentResource,
  opts: pulumi.ComponentResourceOptions | undefined,
): pulumi.CustomResourceOptions {
  return {
    parent,
    ...(opts?.protect !== undefined && { protect: opts.protect }),
    ...(opts?.retainOnDelete !== undefined && { retainOnDelete: opts.retainOnDelete }),
    ...(opts?.dependsOn !== undefined && { dependsOn: opts.dependsOn }),
  };
}

/**
 * A chart as a Pulumi component. Free-text props accept Outputs, the objects become typed child resources, and the endpoints
 * can be passed to other components. Subclasses only name the chart.
 */
export abstract class SkoposComponent<Props extends object, Endpoints> extends pulumi.ComponentResource {
  /** Endpoints that other components can connect to. */
  readonly endpoints: Outputs<Endpoints>;

  constructor(
    kind: string,
    name: string,
    chart: ChartClass<Props, Endpoints>,
    args: Inputs<Props>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(typeToken(kind), name, {}, opts);
    const tokens = new TokenTable();
    const rendered = new chart(new App(), name, tokens.hide<Props>(args, chart.shape));
    registerCharts([{ chart: rendered, name, opts: childOptions(this, opts) }], tokens);
    this.endpoints = revealEndpoints(rendered.endpoints, tokens);
    warnOfReplacement(this);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}
