import { portText } from "../../formats/index.ts";
import type { ClusterFacts } from "../cluster.ts";
import { type Labels, objectLabels } from "../labels.ts";
import type { Peer } from "../network.ts";
import { type DefaultDeny, denyName, policyName } from "./names.ts";
import { type Place, type PolicyTarget, placesOf, selectorOf } from "./places.ts";
import { dnsPorts, mergedRules, type PolicyPort, type Rule } from "./ports.ts";

/**
 * A CiliumNetworkPolicy, as far as it is written here.
 * @see https://docs.cilium.io/en/v1.18/security/policy/language/
 */
export interface CiliumNetworkPolicy {
  readonly apiVersion: "cilium.io/v2";
  readonly kind: "CiliumNetworkPolicy";
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Labels };
  readonly spec: {
    readonly endpointSelector: EndpointSelector;
    readonly ingress: readonly CiliumRule<"from">[];
    readonly egress: readonly CiliumRule<"to">[];
  };
}

interface EndpointSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Peers of one kind: a rule that names two kinds is rejected ("combining ToEndpoints and ToCIDR is not supported yet"). */
type CiliumPeers =
  | { readonly kind: "Endpoints"; readonly peer: EndpointSelector }
  | { readonly kind: "Entities"; readonly peer: Entity }
  | { readonly kind: "CIDR"; readonly peer: string };

type Entity = "host" | "remote-node" | "kube-apiserver" | "ingress" | "cluster" | "world";

type CiliumRule<Direction extends "from" | "to"> = {
  readonly [Key in `${Direction}${CiliumPeers["kind"]}`]?: readonly (EndpointSelector | string)[];
} & {
  readonly toPorts?: readonly [{ readonly ports: readonly { readonly port: string; readonly protocol: string }[] }];
};

/** An empty rule selects no peer, and puts the pods into default deny. */
const nothing = {};

/** A CiliumNetworkPolicy that denies everything to the pods of a namespace. */
export function ciliumDenyAll({ namespace, shared }: DefaultDeny): CiliumNetworkPolicy {
  const endpointSelector = shared ? { matchLabels: { "app.kubernetes.io/managed-by": "skopos" } } : {};
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: denyName(shared), namespace },
    spec: { endpointSelector, ingress: [nothing], egress: [nothing] },
  };
}

/** A CiliumNetworkPolicy that allows the connections of some pods and DNS. */
export function ciliumAllowDeclared(
  { pods, ingress, egress }: PolicyTarget,
  cluster: ClusterFacts,
): CiliumNetworkPolicy {
  const allowedIn = mergedRules(ingress, ({ from }) => peersOf(from, cluster));
  const allowedOut = mergedRules(egress, ({ to }) => peersOf(to, cluster));
  const dns = { ports: dnsPorts(cluster), peers: peersOf("dns", cluster) };
  return {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: policyName(pods), namespace: pods.namespace, labels: { ...objectLabels(pods.identity) } },
    spec: {
      endpointSelector: { matchLabels: { ...selectorOf(pods) } },
      ingress: allowedIn.length > 0 ? allowedIn.flatMap((rule) => rulesOf("from", rule)) : [nothing],
      egress: [dns, ...allowedOut].flatMap((rule) => rulesOf("to", rule)),
    },
  };
}

function rulesOf<Direction extends "from" | "to">(
  direction: Direction,
  { ports, peers }: Rule<CiliumPeers>,
): CiliumRule<Direction>[] {
  const toPorts = ports.length > 0 ? { toPorts: [{ ports: ports.map(ciliumPort) }] } : {};
  return [...Map.groupBy(peers, ({ kind }) => kind)].map(
    ([kind, each]) => ({ [`${direction}${kind}`]: each.map(({ peer }) => peer), ...toPorts }) as CiliumRule<Direction>,
  );
}

const ciliumPort = ({ port, protocol }: PolicyPort) => ({ port: portText(port), protocol });

const entities = (...names: Entity[]): CiliumPeers[] => names.map((peer) => ({ kind: "Entities", peer }));

function peersOf(peer: Peer, cluster: ClusterFacts): CiliumPeers[] {
  return placesOf(peer, cluster).flatMap((place) => peersAt(place, cluster));
}

const namespaceLabel = "k8s:io.kubernetes.pod.namespace";

function peersAt(place: Place, cluster: ClusterFacts): CiliumPeers[] {
  switch (place.kind) {
    case "pods":
      return [{ kind: "Endpoints", peer: endpoints(place) }];
    case "nodes":
      return entities("host", "remote-node");
    case "api server":
      // Cilium knows its addresses from the Service `kubernetes`. Those that are stated may be in front of it.
      return [...entities("kube-apiserver"), ...addresses(cluster.apiServerCidrs ?? [])];
    case "proxy":
      return entities("ingress");
    case "addresses":
      return addresses(place.cidrs);
  }
}

/** A namespace is a label of the pod; without one, an empty selector would mean the policy's own namespace. */
function endpoints({ namespace, selector }: Extract<Place, { kind: "pods" }>): EndpointSelector {
  if (namespace === undefined) return { matchExpressions: [{ key: namespaceLabel, operator: "Exists" }] };
  const { matchLabels, matchExpressions } = selector ?? {};
  return {
    matchLabels: { [namespaceLabel]: namespace, ...matchLabels },
    ...(matchExpressions && { matchExpressions }),
  };
}

/**
 * Cilium matches addresses of pods and nodes by identity, never by CIDR. Anywhere is therefore the world and the cluster, and a
 * link-local address may belong to an interface of the pod's own node: NodeLocal DNSCache, or an agent for credentials.
 * @see https://docs.cilium.io/en/v1.18/security/policy/language/#cidr-based
 */
function addresses(cidrs: readonly string[]): CiliumPeers[] {
  if (cidrs.some((cidr) => cidr.endsWith("/0"))) return entities("world", "cluster");
  const own = cidrs.some((cidr) => cidr.startsWith("169.254.") || /^f(d00:ec2|e80):/i.test(cidr));
  return [...cidrs.map((peer): CiliumPeers => ({ kind: "CIDR", peer })), ...(own ? entities("host") : [])];
}
