import type { Fields, Path } from "./values.ts";

/** One side of a connection, as network policies look at it. */
export type Side = "Ingress" | "Egress";

/** Whom a rule of a policy admits. */
export type Peer =
  /** Pods: of the policy's own namespace without `namespaces`. Selectors are those of the API. */
  | { readonly kind: "pods"; readonly namespaces?: Selects; readonly pods: Selects }
  | { readonly kind: "addresses"; readonly cidr: string }
  /** The nodes, and pods on their network. */
  | { readonly kind: "nodes" }
  /** Every pod and every node. */
  | { readonly kind: "cluster" }
  /** What no pod and no node is. */
  | { readonly kind: "other" };

/** Whether labels are selected. */
export type Selects = (labels: Readonly<Record<string, string>>) => boolean;

/** A rule of a policy: its peers and ports. */
export interface PolicyRule {
  /** Its place in the policy. */
  readonly path: Path;
  readonly peers: readonly Peer[];
  /** Whether it admits everyone. */
  readonly anyone: boolean;
  readonly ports: readonly Fields[];
  readonly anyPort: boolean;
}
