import * as pulumi from "@pulumi/pulumi";
import { App, type Chart } from "cdk8s";
import type { Construct } from "constructs";
import type { Inputs } from "./inputs.ts";
import { warnOfReplacement } from "./provider.ts";
import { registerCharts } from "./register.ts";
import { TokenTable } from "./tokens.ts";

/** A chart class, as the bridge needs it. */
export type ChartClass<Props, Endpoints> = new (
  scope: Construct,
  id: string,
  props: Props,
) => Chart & { readonly endpoints: Endpoints };

/** Type token of a component: `skopos:index:Mimir`. */
export const typeToken = (kind: string): string => `skopos:index:${kind}`;

/** Options of a component that its children must be given; Pulumi itself hands down provider, parent, aliases and transforms. */
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
 * A chart as a Pulumi component: its props take Outputs at every free text, its objects become typed children, its
 * endpoints can be given to other components. Subclasses name the chart and nothing else.
 */
export abstract class SkoposComponent<Props extends object, Endpoints> extends pulumi.ComponentResource {
  /** What others may connect to. */
  readonly endpoints: Inputs<Endpoints>;

  constructor(
    kind: string,
    name: string,
    chart: ChartClass<Props, Endpoints>,
    args: Inputs<Props>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(typeToken(kind), name, {}, opts);
    const tokens = new TokenTable();
    const rendered = new chart(new App(), name, tokens.hide<Props>(args));
    registerCharts([{ chart: rendered, name, opts: childOptions(this, opts) }], tokens);
    this.endpoints = revealEndpoints(rendered.endpoints, tokens) as Inputs<Endpoints>;
    warnOfReplacement(this);
    this.registerOutputs({ endpoints: this.endpoints });
  }
}

/** Endpoints with their Outputs put back, so that the next component sees the same Outputs and their dependencies. */
export function revealEndpoints(value: unknown, tokens: TokenTable): unknown {
  if (typeof value === "string") return tokens.reveal(value);
  if (Array.isArray(value)) return value.map((item) => revealEndpoints(item, tokens));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealEndpoints(item, tokens)]));
}
