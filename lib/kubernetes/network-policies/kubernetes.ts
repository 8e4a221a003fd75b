import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { ClusterFacts } from "../cluster.ts";
import { objectLabels } from "../labels.ts";
import type { Peer } from "../network.ts";
import { type DefaultDeny, denyName, policyName } from "./names.ts";
import { type Place, type PolicyTarget, placesOf, selectorOf } from "./places.ts";
import { dnsPorts, mergedRules, type PolicyPort } from "./ports.ts";

/** A NetworkPolicy that denies everything to the pods of a namespace. */
export function denyAll({ namespace, shared }: DefaultDeny): INetworkPolicy {
  const podSelector = shared ? { matchLabels: { "app.kubernetes.io/managed-by": "skopos" } } : {};
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: denyName(shared), namespace },
    spec: { podSelector, policyTypes: ["Ingress", "Egress"] },
  };
}

/** A NetworkPolicy that allows the connections of some pods and DNS. */
export function allowDeclared({ pods, ingress, egress }: PolicyTarget, cluster: ClusterFacts): INetworkPolicy {
  const allowedIn = mergedRules(ingress, ({ from }) => peersOf(from, cluster, "source"));
  const allowedOut = mergedRules(egress, ({ to }) => peersOf(to, cluster, "destination"));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: policyName(pods), namespace: pods.namespace, labels: { ...objectLabels(pods.identity) } },
    spec: {
      podSelector: { matchLabels: { ...selectorOf(pods) } },
      policyTypes: ["Ingress", "Egress"],
      // Omitted if empty: the API server does not store empty lists, so every apply would count as a change.
      ...(allowedIn.length > 0 && {
        ingress: allowedIn.map(({ ports, peers }) => ({ from: [...peers], ...onPorts(ports) })),
      }),
      egress: [
        { to: peersOf("dns", cluster, "destination"), ...onPorts(dnsPorts(cluster)) },
        ...allowedOut.map(({ ports, peers }) => ({ to: [...peers], ...onPorts(ports) })),
      ],
    },
  };
}

const onPorts = (ports: readonly PolicyPort[]) => (ports.length > 0 ? { ports: [...ports] } : {});

/** Which side of a connection a peer is: nodes open connections from other addresses than those they are reached at. */
type Role = "source" | "destination";

function peersOf(peer: Peer, cluster: ClusterFacts, role: Role): INetworkPolicyPeer[] {
  const peers = placesOf(peer, cluster).flatMap((place) => peersAt(place, cluster, role));
  return [...new Map(peers.map((each) => [JSON.stringify(each), each])).values()];
}

function peersAt(place: Place, cluster: ClusterFacts, role: Role): INetworkPolicyPeer[] {
  switch (place.kind) {
    case "pods": {
      if (place.namespace === undefined) return [{ namespaceSelector: {} }];
      const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": place.namespace } };
      return [{ namespaceSelector, ...(place.selector && { podSelector: place.selector }) }];
    }
    case "nodes": {
      const nodes = blocks(cluster.nodeCidrs ?? []);
      return role === "source" ? [...nodes, ...blocks(cluster.tunnelCidrs ?? []), ...hostNetwork(cluster)] : nodes;
    }
    case "api server":
      return blocks(cluster.apiServerCidrs ?? []);
    case "addresses":
      return blocks(place.cidrs);
    case "proxy":
      return [];
  }
}

/**
 * OpenShift's name for whatever uses the nodes' network, which OVN-Kubernetes does not see at the nodes' addresses.
 * @see https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/network_security/network-policy
 */
const hostNetwork = ({ platform }: ClusterFacts): INetworkPolicyPeer[] =>
  platform === "openshift"
    ? [
        {
          namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/host-network": "" } },
          podSelector: {},
        },
      ]
    : [];

const blocks = (cidrs: readonly string[]): INetworkPolicyPeer[] => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
