/** The bytes shared with the kernel program and the addon: kernel/layout.h in TypeScript, compared by a test. */

/** Sizes of the C structs, in bytes. */
export const sizes = {
  key: 40,
  event: 80,
  slot: 128,
  record: 176,
  tunnel: 48,
  translation: 88,
  processes: 44,
  drops: 24,
} as const;

/** Byte offsets inside `struct flow_key`. */
export const keyOffset = { low: 0, high: 16, lowPort: 32, highPort: 34, protocolVni: 36 } as const;

/** Byte offsets inside `struct flow_event`. */
export const eventOffset = {
  key: 0,
  firstNs: 40,
  slot: 48,
  generation: 52,
  observer: 56,
  bytes: 60,
  typeVni: 64,
  side: 68,
  direction: 76,
  tcpFlags: 77,
} as const;

/** Byte offsets inside a scanned record: the key, the slot's number, then `struct flow_slot`. */
export const recordOffset = { key: 0, slot: 40, flow: 48 } as const;

/** Byte offsets inside `struct flow_slot`. Pairs are indexed by direction, {@link Direction}. */
export const slotOffset = {
  packets: 0,
  bytes: 8,
  /** From one direction's counters to the other's. */
  sentStride: 16,
  observer: 32,
  lastJiffies: 40,
  nextSeq: 48,
  marks: 56,
  generation: 60,
  firstNs: 64,
  side: 72,
  retransmits: 88,
  synToSynack: 96,
  synackToAck: 100,
  rtt: 104,
  rttJitter: 108,
  service: 112,
  serviceJitter: 116,
} as const;

/** Byte offsets inside `struct flow_side` (8 bytes): what a direction's first packet said. */
export const sideOffset = { tos: 0, ttl: 1, icmpType: 2, icmpCode: 3, labelVlan: 4 } as const;

/** Byte offsets inside `struct flow_tunnel`. */
export const tunnelOffset = {
  source: 0,
  destination: 16,
  sourcePort: 32,
  destinationPort: 34,
  typeVni: 36,
  generation: 40,
} as const;

/** Byte offsets inside `struct flow_translation`. */
export const translationOffset = { original: 0, translated: 40, flags: 80, generation: 84 } as const;

/** Byte offsets inside `struct flow_processes`, two of `struct flow_process`, by direction, and the generation. */
export const processesOffset = { pid: 0, name: 4, nameBytes: 16, stride: 20, generation: 40 } as const;

/** Byte offsets inside `struct flow_drops`. */
export const dropsOffset = { packets: 0, bytes: 8, reason: 16, generation: 20 } as const;

/** `FLOW_TRANSLATIONS`: tuples that one flow can be joined with. */
export const translationsPerFlow = 4;

/** Bits of a translation's flags: the initiator is the key's high end. */
export const translationFlags = { originalHigh: 1, translatedHigh: 2 } as const;

/** 0: from the key's low end to its high end; 1: the other way. */
export type Direction = 0 | 1;

/** Bits of a flow's marks; functions take the direction. */
export const marks = {
  tcpFlags: (value: number, direction: Direction) => (value >>> (8 * direction)) & 0xff,
  /** A packet came with ECN "congestion experienced". */
  congestion: (direction: Direction) => 1 << (16 + direction),
  fragment: (direction: Direction) => 1 << (18 + direction),
  /** The first packet came from the key's high end. */
  initiatorHigh: 1 << 20,
  /** The SYN was seen, the handshake not finished. */
  handshake: 1 << 24,
  /** The flow was seen inside a tunnel. */
  tunnel: 1 << 25,
  /** Conntrack translates the flow's addresses: any of the bits of `FLOW_MARK_TRANSLATED`. */
  translated: 0xf << 26,
  /** Void: another flow of the same connection counts its packets, this one's counters read 0. */
  absorbed: 1 << 30,
  /** `processes` or `drops` knows something of the flow. */
  extras: 1 << 31,
} as const;

/** `enum flow_tunnel_type`, by number. */
export const tunnelTypes = ["none", "vxlan", "geneve", "gre", "ipip"] as const;
export type TunnelType = (typeof tunnelTypes)[number];

/**
 * `enum flow_cause`, by number: why a packet is in no flow (`not_ip` to `contended`), or what else there is to know.
 * Bytes of the first six are whole frames, of the others IP lengths.
 */
export const causes = [
  /** ARP, LLDP, MPLS and the like. */
  "not_ip",
  /** A header runs past the packet. */
  "truncated",
  "bad_ipv4",
  "bad_ipv6",
  /** TCP data offset or UDP length impossible. */
  "bad_transport",
  /** More IPv6 extension headers than the walk follows. */
  "header_chain",
  /** Refused by the configured filter. */
  "filtered",
  /** No slot or hash element was free. */
  "map_full",
  /** Insertion failed for another reason. */
  "contended",
  /** Seen again on another interface or hook: counted by the flow's observer. */
  "duplicate",
  /** The flow is counted, its event was lost: the next scan finds it. */
  "ring_full",
  /** A later fragment without its first: counted in a flow without ports. */
  "fragment_orphan",
  /** What is in the tunnel has no key: counted in the outer flow. */
  "tunnel_opaque",
  /** The flow is counted, its tunnel's attributes were lost. */
  "tunnel_full",
  /** No room for the other tuple of a translated connection: it is two flows. */
  "translation_full",
  /** No room for a flow's processes or drops: it is counted without. */
  "extras_full",
] as const;
export type Cause = (typeof causes)[number];
