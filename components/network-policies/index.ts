import type { Construct } from "constructs";
import { ComponentChart, type ComponentProps, type Edge, networkPolicies } from "../../lib/kubernetes/index.ts";

export interface NetworkPoliciesProps extends ComponentProps {
  /** Declared connections. Everything else is denied. */
  readonly allowed: readonly Edge[];
  /** Whether others have pods in the namespaces; only the components' own pods are denied anything then. @default false */
  readonly sharedNamespaces?: boolean;
}

/** Policies, in the words of the cluster's network engine, that deny everything except DNS and the declared connections of a set of components. */
export class NetworkPoliciesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, props: NetworkPoliciesProps) {
    super(scope, id, "network-policies", props);
    for (const policy of networkPolicies(props.allowed, this.cluster, props.sharedNamespaces)) this.add(policy);
  }
}
