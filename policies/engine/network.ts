import { ciliumRestricts, ciliumRules, ciliumSelects, ciliumSpecs } from "./cilium.ts";
import type { KubernetesObject } from "./object.ts";
import type { ObjectSet } from "./object-set.ts";
import type { Peer, PolicyRule, Selects, Side } from "./peers.ts";
import type { Pod } from "./pods.ts";
import { selects } from "./selectors.ts";
import { type Fields, fields, items, list, number, text, texts } from "./values.ts";

/** Kinds of policies. */
export const policyKinds = ["NetworkPolicy", "CiliumNetworkPolicy"] as const;

function policyTypes(policy: KubernetesObject): readonly string[] {
  const types = texts(policy.spec.policyTypes);
  return types.length > 0 ? types : ["Ingress", ...(list(policy.spec.egress).length > 0 ? ["Egress"] : [])];
}

function restricts(policy: KubernetesObject, side: Side, pod: Pod): boolean {
  if (policy.kind === "CiliumNetworkPolicy")
    return ciliumSpecs(policy).some(
      ([, spec]) => ciliumRestricts(spec, side) && ciliumSelects(spec.endpointSelector, pod.labels),
    );
  return policyTypes(policy).includes(side) && selects(fields(policy.spec.podSelector), pod.labels);
}

/** The policies that restrict one side of a pod. Pods on the host network are under none. */
export function policiesOf(set: ObjectSet, pod: Pod, side: Side): readonly KubernetesObject[] {
  if (pod.hostNetwork) return [];
  return policyKinds
    .flatMap((kind) => set.inNamespace(kind, pod.namespace))
    .filter((policy) => restricts(policy, side, pod));
}

/** The rules of one side of a policy. */
export function rulesOf(policy: KubernetesObject, side: Side): readonly PolicyRule[] {
  if (policy.kind === "CiliumNetworkPolicy") return ciliumRules(policy, side);
  const key = side === "Ingress" ? "from" : "to";
  const place = side.toLowerCase();
  return items(policy.spec[place]).map(([index, rule]) => ({
    path: ["spec", place, index],
    peers: items(rule[key]).map(([, peer]) => peerOf(peer)),
    anyone: list(rule[key]).length === 0,
    ports: items(rule.ports).map(([, port]) => port),
    anyPort: list(rule.ports).length === 0,
  }));
}

/** A peer of a NetworkPolicy. */
export function peerOf({ ipBlock, namespaceSelector, podSelector }: Fields): Peer {
  if (ipBlock !== undefined) return { kind: "addresses", cidr: text(fields(ipBlock).cidr) ?? "" };
  const pods: Selects = (labels) => podSelector === undefined || selects(fields(podSelector), labels);
  if (namespaceSelector === undefined) return { kind: "pods", pods };
  return { kind: "pods", pods, namespaces: (labels) => selects(fields(namespaceSelector), labels) };
}

/** Whether a policy's peer is a pod. Host-network pods are addresses to a NetworkPolicy: any block may hold them. */
export function peerIs(set: ObjectSet, policy: KubernetesObject, peer: Peer, pod: Pod): boolean {
  const cilium = policy.kind === "CiliumNetworkPolicy";
  switch (peer.kind) {
    case "cluster":
      return true;
    case "nodes":
      return pod.hostNetwork;
    case "addresses":
      return !cilium && (pod.hostNetwork || peer.cidr.endsWith("/0"));
    case "pods":
      return (
        !pod.hostNetwork &&
        (peer.namespaces?.(set.namespaceLabels(pod.namespace)) ?? pod.namespace === policy.namespace) &&
        peer.pods(pod.labels)
      );
    case "other":
      return false;
  }
}

function portIs(port: Fields, wanted: number, of: Pod | undefined): boolean {
  if (port.protocol !== undefined && port.protocol !== "TCP" && port.protocol !== "ANY") return false;
  if (port.port === undefined || port.port === null) return true;
  const first =
    number(port.port) ??
    (/^\d+$/.test(text(port.port) ?? "") ? Number(port.port) : undefined) ??
    of?.ports.get(text(port.port) ?? "");
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
