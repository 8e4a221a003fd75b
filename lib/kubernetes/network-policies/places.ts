import { type ClusterFacts, dnsServersOf } from "../cluster.ts";
import type { SelectedPods } from "../constructs.ts";
import { isConstruct, podsOf } from "../constructs.ts";
import { type Labels, selectorLabels } from "../labels.ts";
import type { Edge, Peer, Pods } from "../network.ts";

/** What a peer is on a cluster, before a network engine says it in its own words. */
export type Place =
  /** Pods that a selector finds. Without a namespace: every pod of the cluster. */
  | { readonly kind: "pods"; readonly namespace?: string; readonly selector?: SelectedPods["selector"] }
  /** The nodes and whatever uses their network. */
  | { readonly kind: "nodes" }
  | { readonly kind: "api server" }
  /** A proxy of the network engine itself, which is no pod. */
  | { readonly kind: "proxy" }
  | { readonly kind: "addresses"; readonly cidrs: readonly string[] };

const isPods = (peer: Peer): peer is Pods => typeof peer === "object" && "identity" in peer;

/** The labels by which a policy selects pods. */
export const selectorOf = (pods: Pods): Labels => pods.labels ?? selectorLabels(pods.identity);

/** The places of a peer. */
export function placesOf(peer: Peer, cluster: ClusterFacts): readonly Place[] {
  if (peer === "any pod") return [{ kind: "pods" }];
  if (peer === "api server" || peer === "nodes") return [{ kind: peer }];
  if (peer === "load balancers") {
    const cidrs = cluster.loadBalancerCidrs ?? googleFrontEnds(cluster) ?? cluster.nodeCidrs ?? [];
    // Through a node port, requests have the address of a node.
    const controllers = cluster.ingressControllers?.map(
      ({ namespace, labels }): Place => ({
        kind: "pods",
        namespace,
        ...(labels && { selector: { matchLabels: { ...labels } } }),
      }),
    );
    return [
      ...(controllers ?? [{ kind: "pods" } as const]),
      { kind: "proxy" },
      { kind: "nodes" },
      { kind: "addresses", cidrs },
    ];
  }
  if (peer === "dns") {
    const { pods, cidrs = [] } = dnsServersOf(cluster);
    const selected = (pods?.labels ?? []).map((matchLabels): Place => {
      const selector = { matchLabels: { ...matchLabels } };
      return { kind: "pods", namespace: pods?.namespace as string, selector };
    });
    return [...selected, { kind: "addresses", cidrs }];
  }
  if (isConstruct(peer)) return placesOf(podsOf(peer), cluster);
  if ("cidrs" in peer) return [{ kind: "addresses", cidrs: peer.cidrs }];
  if (peer.hostNetwork) return [{ kind: "nodes" }];
  const selector = isPods(peer) ? { matchLabels: { ...selectorOf(peer) } } : peer.selector;
  return [{ kind: "pods", namespace: peer.namespace, selector }];
}

/**
 * Google's front ends and health checks connect to pods of container-native load balancing from these ranges.
 * @see https://cloud.google.com/load-balancing/docs/firewall-rules
 */
function googleFrontEnds({ platform }: ClusterFacts): readonly string[] | undefined {
  return platform === "gke" || platform === "gke-autopilot" ? ["130.211.0.0/22", "35.191.0.0/16"] : undefined;
}

/** The pods of one policy and their connections. */
export interface PolicyTarget {
  readonly pods: Pods;
  readonly ingress: Edge[];
  readonly egress: Edge[];
}

/** The pods that get a policy, sorted. Pods on the host's network get none, because none would apply to them. */
export function targetsOf(edges: readonly Edge[]): readonly PolicyTarget[] {
  const targets = new Map<string, PolicyTarget>();
  const targetOf = (pods: Pods) => {
    const key = JSON.stringify([pods.namespace, selectorOf(pods)]);
    const known = targets.get(key) ?? { pods, ingress: [], egress: [] };
    targets.set(key, known);
    return known;
  };
  for (const edge of edges) {
    if (isPods(edge.from) && !edge.from.hostNetwork) targetOf(edge.from).egress.push(edge);
    if (isPods(edge.to) && !edge.to.hostNetwork) targetOf(edge.to).ingress.push(edge);
  }
  return [...targets.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target);
}

/** The namespaces of targets, in their order. */
export const namespacesOf = (targets: readonly PolicyTarget[]): readonly string[] => [
  ...new Set(targets.map(({ pods }) => pods.namespace)),
];
