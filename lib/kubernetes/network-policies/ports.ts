import type { Port } from "../../formats/index.ts";
import { type ClusterFacts, dnsServersOf } from "../cluster.ts";
import type { Edge } from "../network.ts";

/** A port of a policy. */
export interface PolicyPort {
  readonly port: Port;
  readonly protocol: "TCP" | "UDP";
}

/** The ports of a cluster's DNS servers. */
export const dnsPorts = (cluster: ClusterFacts): readonly PolicyPort[] =>
  (dnsServersOf(cluster).ports ?? [53]).flatMap((port) => [
    { port, protocol: "UDP" },
    { port, protocol: "TCP" },
  ]);

/** Peers that may use the same ports; without ports, all of them. */
export interface Rule<Peer> {
  readonly ports: readonly PolicyPort[];
  readonly peers: readonly Peer[];
}

/**
 * Merges connections with the same ports into one rule without duplicate peers. A connection without a peer allows
 * nothing.
 */
export function mergedRules<Peer>(
  edges: readonly Edge[],
  peersOf: (edge: Edge) => readonly Peer[],
): readonly Rule<Peer>[] {
  const rules = new Map<string, { ports: PolicyPort[]; peers: Map<string, Peer> }>();
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
    .map(([, { ports, peers }]) => ({
      ports,
      peers: [...peers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, peer]) => peer),
    }));
}

function policyPorts(ports: readonly Port[], protocol: "TCP" | "UDP"): PolicyPort[] {
  return [...new Set(ports)].sort(byPort).map((port) => ({ port, protocol }));
}

/** Ports by number; those that are only known later come last. */
function byPort(a: Port, b: Port): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === "number" ? -1 : 1;
}
