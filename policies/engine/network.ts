import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Pod } from "./pods.ts";
import { selects } from "./selectors.ts";
import { type Fields, fields, items, list, number, text, texts } from "./values.ts";

/** One side of a connection, as network policies look at it. */
export type Side = "Ingress" | "Egress";

/** A rule of a NetworkPolicy: its peers and ports. */
interface PolicyRule {
  readonly peers: readonly Fields[];
  /** Whether it names peers at all: without any it admits everyone. */
  readonly anyone: boolean;
  readonly ports: readonly Fields[];
  readonly anyPort: boolean;
}

function policyTypes(policy: KubernetesObject): readonly string[] {
  const types = texts(policy.spec.policyTypes);
  return types.length > 0 ? types : ["Ingress", ...(list(policy.spec.egress).length > 0 ? ["Egress"] : [])];
}

/** The NetworkPolicies that restrict one side of a pod. Pods on the host network are under none. */
export function policiesOf(set: ObjectSet, pod: Pod, side: Side): readonly KubernetesObject[] {
  if (pod.hostNetwork) return [];
  return set
    .inNamespace("NetworkPolicy", pod.namespace)
    .filter((policy) => policyTypes(policy).includes(side) && selects(fields(policy.spec.podSelector), pod.labels));
}

/** The rules of one side of a policy. */
export function rulesOf(policy: KubernetesObject, side: Side): readonly PolicyRule[] {
  const key = side === "Ingress" ? "from" : "to";
  return items(policy.spec[side.toLowerCase()]).map(([, rule]) => ({
    peers: items(rule[key]).map(([, peer]) => peer),
    anyone: list(rule[key]).length === 0,
    ports: items(rule.ports).map(([, port]) => port),
    anyPort: list(rule.ports).length === 0,
  }));
}

/** Whether a policy's peer is a pod. Host-network pods are addresses to it: any block may hold them. */
export function peerIs(set: ObjectSet, policy: KubernetesObject, peer: Fields, pod: Pod): boolean {
  if (pod.hostNetwork) return peer.ipBlock !== undefined;
  if (peer.ipBlock !== undefined) return text(fields(peer.ipBlock).cidr)?.endsWith("/0") === true;
  const namespaceMatches =
    peer.namespaceSelector === undefined
      ? pod.namespace === policy.namespace
      : selects(fields(peer.namespaceSelector), set.namespaceLabels(pod.namespace));
  return namespaceMatches && (peer.podSelector === undefined || selects(fields(peer.podSelector), pod.labels));
}

function portIs(port: Fields, wanted: number, of: Pod | undefined): boolean {
  if (port.protocol !== undefined && port.protocol !== "TCP") return false;
  if (port.port === undefined || port.port === null) return true;
  const first = number(port.port) ?? of?.ports.get(text(port.port) ?? "");
  return first !== undefined && wanted >= first && wanted <= (number(port.endPort) ?? first);
}

function sideAdmits(set: ObjectSet, side: Side, own: Pod, other: Pod, port: number): boolean {
  const policies = policiesOf(set, own, side);
  const opener = side === "Ingress" ? own : other;
  return (
    policies.length === 0 ||
    policies.some((policy) =>
      rulesOf(policy, side).some(
        ({ peers, anyone, ports, anyPort }) =>
          (anyPort || ports.some((each) => portIs(each, port, opener))) &&
          (anyone || peers.some((peer) => peerIs(set, policy, peer, other))),
      ),
    )
  );
}

/**
 * Which side of a TCP connection between two pods the network policies deny, undefined where they admit it. A pod that no
 * policy selects is open, one that some select may do what any of them admits, and both sides have to admit it.
 * Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function deniedSide(set: ObjectSet, from: Pod, to: Pod, port: number): Side | undefined {
  if (!sideAdmits(set, "Egress", from, to, port)) return "Egress";
  return sideAdmits(set, "Ingress", to, from, port) ? undefined : "Ingress";
}
