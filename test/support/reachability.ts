import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { INetworkPolicyPort } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort";
import type { Labels } from "../../lib/kubernetes/index.ts";

/** A pod, as far as NetworkPolicies look at it. */
export interface PodFacts {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

const matches = (selector: { matchLabels?: Labels } | undefined, labels: Labels): boolean =>
  Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

function peerMatches(peer: INetworkPolicyPeer, policy: INetworkPolicy, pod: PodFacts): boolean {
  if (peer.ipBlock) return false;
  const namespaceLabels = { "kubernetes.io/metadata.name": pod.namespace };
  const namespace = peer.namespaceSelector
    ? matches(peer.namespaceSelector, namespaceLabels)
    : pod.namespace === policy.metadata?.namespace;
  return namespace && (peer.podSelector === undefined || matches(peer.podSelector, pod.labels));
}

const portMatches = (ports: readonly INetworkPolicyPort[] | undefined, port: number): boolean =>
  ports === undefined || ports.some((each) => each.port === port && each.protocol !== "UDP");

function sideAllows(
  policies: readonly INetworkPolicy[],
  side: "Ingress" | "Egress",
  own: PodFacts,
  other: PodFacts,
  port: number,
): boolean {
  const selecting = policies.filter(
    ({ metadata, spec }) =>
      metadata?.namespace === own.namespace &&
      spec?.policyTypes?.includes(side) &&
      matches(spec.podSelector, own.labels),
  );
  if (selecting.length === 0) return true;
  return selecting.some((policy) => {
    const rules =
      side === "Ingress"
        ? (policy.spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (policy.spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
    return rules.some(
      ({ peers, ports }) =>
        portMatches(ports, port) && (!peers?.length || peers.some((peer) => peerMatches(peer, policy, other))),
    );
  });
}

/**
 * Whether a set of NetworkPolicies lets one pod open a TCP connection to another, as the API defines it: a pod that no
 * policy selects is open, one that some select may do what any of them allows, and both sides must allow it.
 */
export function allows(policies: readonly INetworkPolicy[], from: PodFacts, to: PodFacts, port: number): boolean {
  return sideAllows(policies, "Egress", from, to, port) && sideAllows(policies, "Ingress", to, from, port);
}
