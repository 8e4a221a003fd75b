import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, type Edge, networkPolicies } from "../../lib/kubernetes/index.ts";

export interface NetworkPoliciesProps extends ComponentProps {
  /** Every declared connection. What is not among them is denied. */
  readonly allowed: readonly Edge[];
}

/** The declared connections of a set of components, as NetworkPolicies: default deny, DNS, and nothing else. */
export class NetworkPoliciesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: NetworkPoliciesProps) {
    super(scope, id, "network-policies", props);
    for (const policy of networkPolicies(props.allowed, this.cluster)) this.add(policy);
  }
}
