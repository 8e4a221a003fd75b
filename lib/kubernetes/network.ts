import { type Port, portOf } from "../formats/index.ts";
import { endpointOf, type SelectedPods, type Server, type WorkloadConstruct } from "./constructs.ts";
import type { Identity, Labels } from "./labels.ts";

/** Pods that a label selector finds. */
export interface Pods {
  readonly namespace: string;
  /** Their identity. */
  readonly identity: Identity;
  /** Their labels, if they differ from the identity's (pods that an operator creates). @default selectorLabels(identity) */
  readonly labels?: Labels;
  /** Whether they use the host's network, where no policy selects them: they count as their node. @default false */
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
  /** Users from outside the cluster: pods of an Ingress controller or Gateway, and load balancers that connect to pods themselves. */
  | "load balancers"
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
export function endpointUrl(endpoint: Endpoint, path = ""): string {
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
