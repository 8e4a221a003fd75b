/** Builds frames from the inside out: each function wraps a payload in one header. Checksums stay 0: nobody looks. */
import { addressBytes } from "../src/filter.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export const concat = (...parts: readonly Uint8Array[]): Bytes => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const u16 = (...values: number[]) => Uint8Array.from(values.flatMap((v) => [(v >>> 8) & 0xff, v & 0xff]));
export const u32 = (...values: number[]) => u16(...values.flatMap((v) => [v >>> 16, v & 0xffff]));
export const zeros = (length: number) => new Uint8Array(length);

const v4 = (address: string) => addressBytes(address).subarray(12);

export const etherType = { ipv4: 0x0800, ipv6: 0x86dd, arp: 0x0806, vlan: 0x8100, qinq: 0x88a8, teb: 0x6558 } as const;

export const isV6 = (packet: Uint8Array) => packet[0]! >>> 4 === 6;
const typeOf = (packet: Uint8Array) => (isV6(packet) ? etherType.ipv6 : etherType.ipv4);

export function ethernet(
  payload: Uint8Array,
  { type = typeOf(payload) as number, vlans = [] as readonly number[] } = {},
): Bytes {
  const tags = vlans.map((id, i) => concat(u16(i < vlans.length - 1 ? etherType.qinq : etherType.vlan), u16(id)));
  return concat(Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2), ...tags, u16(type), payload);
}

/**
 * BPF_PROG_TEST_RUN refuses frames whose EtherType promises an IP header that is not whole. Behind a VLAN tag the same
 * bytes get through.
 */
export function runnable(frame: Uint8Array): Uint8Array {
  const type = (frame[12]! << 8) | frame[13]!;
  const least = type === etherType.ipv4 ? 34 : type === etherType.ipv6 ? 54 : 15;
  return frame.length >= least ? frame : concat(frame.subarray(0, 12), u16(etherType.vlan, 7), frame.subarray(12));
}

export interface Ipv4Fields {
  source: string;
  destination: string;
  protocol: number;
  tos?: number;
  ttl?: number;
  id?: number;
  /** In bytes; a multiple of 8. */
  fragmentOffset?: number;
  moreFragments?: boolean;
  options?: Uint8Array;
  totalLength?: number;
  versionIhl?: number;
}

export function ipv4(fields: Ipv4Fields, payload: Uint8Array): Bytes {
  const options = fields.options ?? zeros(0);
  const header = 20 + options.length;
  return concat(
    Uint8Array.of(fields.versionIhl ?? 0x40 | (header / 4), fields.tos ?? 0),
    u16(fields.totalLength ?? header + payload.length, fields.id ?? 0),
    u16((fields.moreFragments ? 0x2000 : 0) | ((fields.fragmentOffset ?? 0) / 8)),
    Uint8Array.of(fields.ttl ?? 64, fields.protocol, 0, 0),
    v4(fields.source),
    v4(fields.destination),
    options,
    payload,
  );
}

export interface Ipv6Fields {
  source: string;
  destination: string;
  /** Protocol of the payload, or of its first extension header. */
  next: number;
  trafficClass?: number;
  flowLabel?: number;
  hopLimit?: number;
  payloadLength?: number;
}

export function ipv6(fields: Ipv6Fields, payload: Uint8Array): Bytes {
  const first = ((6 << 28) | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0)) >>> 0;
  return concat(
    u32(first),
    u16(fields.payloadLength ?? payload.length),
    Uint8Array.of(fields.next, fields.hopLimit ?? 64),
    addressBytes(fields.source),
    addressBytes(fields.destination),
    payload,
  );
}

export const next = { hopByHop: 0, routing: 43, fragment: 44, none: 59, destination: 60 } as const;

/** A hop-by-hop, routing or destination options header of `size` bytes, a multiple of 8. */
export const extension = (nextHeader: number, payload: Uint8Array, size = 8): Bytes =>
  concat(Uint8Array.of(nextHeader, size / 8 - 1), zeros(size - 2), payload);

export const fragmentHeader = (nextHeader: number, id: number, offset: number, more: boolean, payload: Uint8Array) =>
  concat(Uint8Array.of(nextHeader, 0), u16(offset | (more ? 1 : 0)), u32(id), payload);

export const protocol = {
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
} as const;

export const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, ece: 64 } as const;

export interface TcpFields {
  from: number;
  to: number;
  seq?: number;
  ack?: number;
  flags?: number;
  dataOffset?: number;
}

export const tcp = (fields: TcpFields, payload: Uint8Array = zeros(0)): Bytes =>
  concat(
    u16(fields.from, fields.to),
    u32(fields.seq ?? 1, fields.ack ?? 0),
    Uint8Array.of((fields.dataOffset ?? 5) << 4, fields.flags ?? flag.ack),
    u16(0xffff, 0, 0),
    payload,
  );

export const udp = (from: number, to: number, payload: Uint8Array = zeros(0), length?: number): Bytes =>
  concat(u16(from, to, length ?? 8 + payload.length, 0), payload);

export const icmp = (type: number, code: number, id = 1, sequence = 1, payload: Uint8Array = zeros(0)): Bytes =>
  concat(Uint8Array.of(type, code, 0, 0), u16(id, sequence), payload);

export const sctp = (from: number, to: number): Bytes => concat(u16(from, to), zeros(8), zeros(16));

export const esp = (spi: number): Bytes => concat(u32(spi, 1), zeros(16));
export const ah = (nextHeader: number, spi: number): Bytes =>
  concat(Uint8Array.of(nextHeader, 4), u16(0), u32(spi, 1), zeros(12));

export const vxlan = (vni: number, frame: Uint8Array): Bytes => concat(u32(0x08000000, (vni << 8) >>> 0), frame);

export const geneve = (vni: number, inner: Uint8Array, { type = etherType.teb as number, options = zeros(0) } = {}) =>
  concat(Uint8Array.of(options.length / 4, 0), u16(type), u32((vni << 8) >>> 0), options, inner);

export function gre(
  inner: Uint8Array,
  { type = typeOf(inner) as number, key = -1, checksum = false, sequence = false } = {},
): Bytes {
  const flags = (checksum ? 0x8000 : 0) | (key >= 0 ? 0x2000 : 0) | (sequence ? 0x1000 : 0);
  return concat(
    u16(flags, type),
    checksum ? zeros(4) : zeros(0),
    key >= 0 ? u32(key) : zeros(0),
    sequence ? zeros(4) : zeros(0),
    inner,
  );
}
