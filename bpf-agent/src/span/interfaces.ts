/** What spans and metrics say of an interface. */
export interface InterfaceFacts {
  readonly ifindex: number;
  readonly name: string;
  /** The kind of a virtual interface, as iproute2 has it; "" for hardware. */
  readonly kind: string;
  readonly mac: string;
}

/** Kinds that pods come and go with, by names that nobody chose: in metrics each kind is one. */
const manyOfAKind: ReadonlySet<string> = new Set([
  "veth",
  "tun",
  "macvlan",
  "macvtap",
  "ipvlan",
  "ipvtap",
  "netkit",
  "dummy",
]);

/** Kinds by which a sender on this node is reached; what comes in by any other was sent elsewhere. */
const local: ReadonlySet<string> = new Set([...manyOfAKind, "bridge"]);

/**
 * The interface's value of metric labels: its name, or its kind where pods come and go with it. So there are as many as the node has
 * networks, however many pods it starts.
 */
export const interfaceLabel = (facts: InterfaceFacts | undefined): string => {
  if (facts === undefined) return "unknown";
  return manyOfAKind.has(facts.kind) ? facts.kind : facts.name;
};

/** Whether a packet that came in by the interface was sent on this node. */
export const isLocal = (facts: InterfaceFacts | undefined): boolean => facts !== undefined && local.has(facts.kind);
