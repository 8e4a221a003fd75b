import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { INetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import type { INetworkPolicyPort } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort";
import { type Port, portOf } from "../formats/index.ts";
import { type ClusterFacts, dnsServersOf } from "./cluster.ts";
import {
  endpointOf,
  isConstruct,
  podsOf,
  type SelectedPods,
  type Server,
  type WorkloadConstruct,
} from "./constructs.ts";
import { type Identity, type Labels, objectLabels, selectorLabels } from "./labels.ts";

/** Pods that a label selector finds. */
export interface Pods {
  readonly namespace: string;
  /** Their identity. */
  readonly identity: Identity;
  /** Their labels, if they differ from the identity's (pods that an operator creates). @default selectorLabels(identity) */
  readonly labels?: Labels;
  /** Whether they use the host's network, where no policy selects them: the nodes' CIDRs are used instead. @default false */
  readonly hostNetwork?: boolean;
}

/** One end of a connection. */
export type Peer =
  | Pods
  /** Pods of the user's own. */
  | SelectedPods
  | WorkloadConstruct
  /** Every pod of every namespace: applications that send telemetry or are scraped. Only this side gets a policy. */
  | "any pod"
  /** The Kubernetes API server. */
  | "api server"
  /** The nodes: kubelet, host-network pods, probes. */
  | "nodes"
  /** The cluster's DNS. */
  | "dns"
  /** Addresses outside the cluster: object storage, receivers of alerts. */
  | { readonly cidrs: readonly string[] };

/** A declared connection. Connections that are not declared are denied. */
export interface Edge {
  readonly from: Peer;
  readonly to: Peer;
  /** TCP ports of the receiving pods, not of a Service. Without TCP and UDP ports: every port. */
  readonly ports: readonly Port[];
  /** UDP ports, for gossip. @default none */
  readonly udp?: readonly number[];
  /** What is sent over it. */
  readonly why: string;
}

/** Something that other components can connect to. External ones have no pods. */
export interface Endpoint {
  /** `http` or `grpc`; with TLS `https` or `grpcs`. */
  readonly scheme: "http" | "https" | "grpc" | "grpcs";
  readonly host: string;
  readonly port: number;
  /** Path under which its API is served. @default none */
  readonly path?: string;
  /** HTTP headers that every request must carry: a tenant. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** The pods behind it. Absent: it is outside the cluster. */
  readonly pods?: Pods | SelectedPods;
  /** Port of the pods, if the Service maps it. @default port */
  readonly targetPort?: number;
  /** Name of the port of a headless Service: its SRV records `_name._tcp.host` list every pod. @default not headless */
  readonly portName?: string;
}

/** `scheme://host:port/path` of an endpoint; gRPC endpoints have no scheme. */
export function url(endpoint: Endpoint, path = ""): string {
  const address = `${endpoint.host}:${endpoint.port}`;
  return endpoint.scheme.startsWith("grpc") ? address : `${endpoint.scheme}://${address}${endpoint.path ?? ""}${path}`;
}

/** API servers listen on 443 behind a load balancer and on 6443 otherwise. */
export const apiServerPorts: readonly number[] = [443, 6443];

/** The kubelet's authenticated port. */
export const kubeletPort = 10_250;

/** Anywhere outside the cluster: for endpoints whose addresses are not known. */
export const anywhere: Peer = { cidrs: ["0.0.0.0/0", "::/0"] };

/** The peer behind an endpoint. */
export function peerOf(endpoint: Endpoint): Peer {
  return endpoint.pods ?? anywhere;
}

/** The peer behind a server, and its ports there. @param port of a server whose address does not name one */
export function serverPeer(server: Server, port: number): readonly [peer: Peer, ports: readonly Port[]] {
  if (typeof server === "string") return [anywhere, [portOf(server, port)]];
  const endpoint = endpointOf(server);
  return [peerOf(endpoint), [endpoint.targetPort ?? endpoint.port]];
}

const isPods = (peer: Peer): peer is Pods => typeof peer === "object" && "identity" in peer;

const namespaceCalled = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

const selector = (pods: Pods): Labels => pods.labels ?? selectorLabels(pods.identity);

const keyOf = (pods: Pods): string => JSON.stringify([pods.namespace, selector(pods)]);

function podPeers(peer: Peer, cluster: ClusterFacts): INetworkPolicyPeer[] {
  if (peer === "any pod") return [{ namespaceSelector: {} }];
  if (peer === "api server") return cidrPeers(cluster.apiServerCidrs ?? []);
  if (peer === "nodes") return cidrPeers(cluster.nodeCidrs ?? []);
  if (peer === "dns") {
    const { pods, cidrs = [] } = dnsServersOf(cluster);
    const selected = (pods?.labels ?? []).map((matchLabels) => ({
      namespaceSelector: namespaceCalled(pods?.namespace as string),
      podSelector: { matchLabels: { ...matchLabels } },
    }));
    return [...selected, ...cidrPeers(cidrs)];
  }
  if (isConstruct(peer)) return podPeers(podsOf(peer), cluster);
  if ("cidrs" in peer) return cidrPeers(peer.cidrs);
  if (peer.hostNetwork) return cidrPeers(cluster.nodeCidrs ?? []);
  return [
    {
      namespaceSelector: namespaceCalled(peer.namespace),
      podSelector: isPods(peer) ? { matchLabels: { ...selector(peer) } } : peer.selector,
    },
  ];
}

function cidrPeers(cidrs: readonly string[]): INetworkPolicyPeer[] {
  return cidrs.map((cidr) => ({ ipBlock: { cidr } }));
}

/**
 * The NetworkPolicies of a set of edges: in each namespace everything is denied, then each workload is allowed its
 * declared connections and DNS. Pods on the host's network get none, because none would apply to them.
 * @param shared whether the namespaces also contain pods of others, which are then not restricted
 */
export function networkPolicies(edges: readonly Edge[], cluster: ClusterFacts, shared = false): INetworkPolicy[] {
  const workloads = new Map<string, { pods: Pods; ingress: Edge[]; egress: Edge[] }>();
  const workloadOf = (pods: Pods) => {
    const key = keyOf(pods);
    const known = workloads.get(key) ?? { pods, ingress: [], egress: [] };
    workloads.set(key, known);
    return known;
  };
  for (const edge of edges) {
    if (isPods(edge.from) && !edge.from.hostNetwork) workloadOf(edge.from).egress.push(edge);
    if (isPods(edge.to) && !edge.to.hostNetwork) workloadOf(edge.to).ingress.push(edge);
  }
  const sorted = [...workloads.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, workload]) => workload);
  const namespaces = [...new Set(sorted.map(({ pods }) => pods.namespace))];
  return [
    ...namespaces.map((namespace) => denyAll(namespace, shared)),
    ...sorted.map(({ pods, ingress, egress }) => workloadPolicy(pods, ingress, egress, cluster)),
  ];
}

function denyAll(namespace: string, shared: boolean): INetworkPolicy {
  const podSelector = shared ? { matchLabels: { "app.kubernetes.io/managed-by": "skopos" } } : {};
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: shared ? "skopos-default-deny" : "default-deny", namespace },
    spec: { podSelector, policyTypes: ["Ingress", "Egress"] },
  };
}

const dnsPorts = (cluster: ClusterFacts): INetworkPolicyPort[] =>
  (dnsServersOf(cluster).ports ?? [53]).flatMap((port) => [
    { port, protocol: "UDP" as const },
    { port, protocol: "TCP" as const },
  ]);

function workloadPolicy(pods: Pods, ingress: Edge[], egress: Edge[], cluster: ClusterFacts): INetworkPolicy {
  const { instance, part } = pods.identity;
  const allowedIn = merged(ingress, (edge) => podPeers(edge.from, cluster));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: instance === part ? instance : `${instance}-${part}`,
      namespace: pods.namespace,
      labels: { ...objectLabels(pods.identity) },
    },
    spec: {
      podSelector: { matchLabels: { ...selector(pods) } },
      policyTypes: ["Ingress", "Egress"],
      // Omitted if empty: the API server does not store empty lists, so every apply would count as a change.
      ...(allowedIn.length > 0 && { ingress: allowedIn.map(([ports, from]) => ({ from, ...ports })) }),
      egress: [
        { to: podPeers("dns", cluster), ports: dnsPorts(cluster) },
        ...merged(egress, (edge) => podPeers(edge.to, cluster)).map(([ports, to]) => ({ to, ...ports })),
      ],
    },
  };
}

/** Without `ports`, a rule applies to all ports. */
type Rule = [ports: { ports?: INetworkPolicyPort[] }, peers: INetworkPolicyPeer[]];

/**
 * Merges connections with the same ports into one rule without duplicate peers. A connection without a peer allows
 * nothing, one without ports allows every port.
 */
function merged(edges: readonly Edge[], peersOf: (edge: Edge) => INetworkPolicyPeer[]): Rule[] {
  const rules = new Map<string, { ports: INetworkPolicyPort[]; peers: Map<string, INetworkPolicyPeer> }>();
  for (const edge of edges) {
    const ports = [...policyPorts(edge.ports, "TCP"), ...policyPorts(edge.udp ?? [], "UDP")];
    const key = ports.map(({ port, protocol }) => `${port}/${protocol}`).join();
    const rule = rules.get(key) ?? { ports, peers: new Map() };
    for (const peer of peersOf(edge)) rule.peers.set(JSON.stringify(peer), peer);
    rules.set(key, rule);
  }
  return [...rules.entries()]
    .filter(([, { peers }]) => peers.size > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, peers }]) => [
      ports.length > 0 ? { ports } : {},
      [...peers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer),
    ]);
}

function policyPorts(ports: readonly Port[], protocol: "TCP" | "UDP"): INetworkPolicyPort[] {
  return [...new Set(ports)].sort(byPort).map((port) => ({ port, protocol }));
}

/** Ports by number; those that are only known later come last. */
function byPort(a: Port, b: Port): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === "number" ? -1 : 1;
}
