import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, type Edge, networkPolicies } from "../../lib/kubernetes/index.ts";

export interface NetworkPoliciesProps extends ComponentProps {
  /** Every declared connection. What is not among them is denied. */
  readonly allowed: readonly Edge[];
  /** Whether others have pods in the namespaces; only the components' own pods are denied anything then. @default false */
  readonly sharedNamespaces?: boolean;
}

/** The declared connections of a set of components, as NetworkPolicies: default deny, DNS, and nothing else. */
export class NetworkPoliciesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: NetworkPoliciesProps) {
    super(scope, id, "network-policies", props);
    for (const policy of networkPolicies(props.allowed, this.cluster, props.sharedNamespaces)) this.add(policy);
  }
}
