/** The bytes shared with the kernel program and the addon, by the names that the views use. Offsets come from BTF. */
import { causeNames, structs } from "./layout.generated.ts";

const { flow_key, flow_event, flow_slot, flow_side, flow_tunnel, flow_translation, flow_processes, flow_drops } =
  structs;

/** Bytes of a scanned record before `struct flow_slot`: the key, the slot's number, a gap. */
const recordHead = flow_key.size + 8;

/** Sizes of the C structs, in bytes. */
export const sizes = {
  key: flow_key.size,
  event: flow_event.size,
  slot: flow_slot.size,
  record: recordHead + flow_slot.size,
  tunnel: flow_tunnel.size,
  translation: flow_translation.size,
  processes: flow_processes.size,
  drops: flow_drops.size,
} as const;

/** Byte offsets inside `struct flow_key`. */
export const keyOffset = {
  low: flow_key.at.low,
  high: flow_key.at.high,
  lowPort: flow_key.at.low_port,
  highPort: flow_key.at.high_port,
  protocolVni: flow_key.at.protocol_vni,
} as const;

/** Byte offsets inside `struct flow_event`. */
export const eventOffset = {
  firstNs: flow_event.at.first_ns,
  slot: flow_event.at.slot,
  generation: flow_event.at.generation,
  hook: flow_event.at.hook,
  bytes: flow_event.at.bytes,
  typeVni: flow_event.at.type_vni,
  side: flow_event.at.side,
  direction: flow_event.at.direction,
  tcpFlags: flow_event.at.tcp_flags,
} as const;

/** Byte offsets inside a scanned record (native/slots.h). */
export const recordOffset = { slot: flow_key.size, flow: recordHead } as const;

/** Bytes of a final record's attribute (native/slots.h): its kind, its flow's place, then one of the structs by slot. */
export const attributeLayout = { kind: 0, record: 4, value: 8, size: 8 + flow_translation.size } as const;

/** `enum attribute_kind`, by number. */
export const attributeKinds = ["tunnel", "translation", "processes", "drops"] as const;

/** Byte offsets inside `struct flow_slot`. Pairs are indexed by direction, {@link Direction}. */
export const slotOffset = {
  packets: flow_slot.at["hot.sent.packets"],
  bytes: flow_slot.at["hot.sent.bytes"],
  /** From one direction's counters to the other's. */
  sentStride: flow_slot.stride["hot.sent"],
  hook: flow_slot.at["hot.hook"],
  lastJiffies: flow_slot.at["hot.last_jiffies"],
  nextSeq: flow_slot.at["hot.next_seq"],
  marks: flow_slot.at["hot.marks"],
  generation: flow_slot.at["hot.generation"],
  firstNs: flow_slot.at["cold.first_ns"],
  side: flow_slot.at["cold.side"],
  sideStride: flow_slot.stride["cold.side"],
  retransmits: flow_slot.at["cold.retransmits"],
  rtt: flow_slot.at["cold.rtt_us"],
  rttJitter: flow_slot.at["cold.rtt_jitter_us"],
  handshake: flow_slot.at["cold.handshake_us"],
  service: flow_slot.at["cold.service_us"],
  serviceJitter: flow_slot.at["cold.service_jitter_us"],
  probe: flow_slot.at["cold.probe_us"],
} as const;

/** Byte offsets inside `struct flow_side`: what a direction's first packet said. */
export const sideOffset = {
  tos: flow_side.at.tos,
  ttl: flow_side.at.ttl,
  icmpType: flow_side.at.icmp_type,
  icmpCode: flow_side.at.icmp_code,
  labelVlan: flow_side.at.label_vlan,
} as const;

/** Byte offsets inside `struct flow_tunnel`. */
export const tunnelOffset = {
  source: flow_tunnel.at.source,
  destination: flow_tunnel.at.destination,
  sourcePort: flow_tunnel.at.source_port,
  destinationPort: flow_tunnel.at.destination_port,
  typeVni: flow_tunnel.at.type_vni,
  generation: flow_tunnel.at.generation,
  packets: flow_tunnel.at.packets,
  bytes: flow_tunnel.at.bytes,
} as const;

/** Byte offsets inside `struct flow_translation`. */
export const translationOffset = {
  original: flow_translation.at.original,
  translated: flow_translation.at.translated,
  flags: flow_translation.at.flags,
  generation: flow_translation.at.generation,
} as const;

/** Byte offsets inside `struct flow_processes`, two of `struct flow_process`, by direction, and the generation. */
export const processesOffset = {
  cgroup: flow_processes.at["sender.cgroup"],
  pid: flow_processes.at["sender.pid"],
  name: flow_processes.at["sender.name"],
  nameBytes: 16,
  stride: flow_processes.stride.sender,
  generation: flow_processes.at.generation,
} as const;

/** Byte offsets inside `struct flow_drops`. */
export const dropsOffset = {
  packets: flow_drops.at.packets,
  bytes: flow_drops.at.bytes,
  reason: flow_drops.at.reason,
  generation: flow_drops.at.generation,
} as const;

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
  /** A latency sample is under way. */
  probe: 1 << 21,
  /** The SYN was seen, the handshake not finished. */
  handshake: 1 << 24,
  /** The flow was seen inside a tunnel. */
  tunnel: 1 << 25,
  /** Conntrack translates the flow's addresses: any of the bits of `FLOW_MARK_TRANSLATED`. */
  translated: 0xf << 26,
  /**
   * The key leads to another flow: of a later connection with the same ports, or of the same connection where NAT shows it by
   * both tuples. What this flow counted is counted nowhere else, and nothing is added any more: it can be ended.
   */
  superseded: 1 << 30,
  /** `processes` or `drops` knows something of the flow. */
  extras: 1 << 31,
} as const;

/** `enum flow_tunnel_type`, by number. */
export const tunnelTypes = ["none", "vxlan", "geneve", "gre", "ipip"] as const;
export type TunnelType = (typeof tunnelTypes)[number];

/**
 * `enum flow_cause`, by number: why a packet is in no flow (`not_ip` to `contended`), or what else there is to know about it;
 * kernel/layout.h says each. Bytes of the first six are whole frames, of the others IP lengths.
 */
export const causes = causeNames;
export type Cause = (typeof causes)[number];
