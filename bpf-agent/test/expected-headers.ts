/** The headers of the second parser: each function reads one, from its RFC. */
import type { Cause } from "../src/layout.ts";

export class Rejected extends Error {
  readonly reason: Cause;
  constructor(reason: Cause) {
    super(reason);
    this.reason = reason;
  }
}

/** Bytes that know where they end: reading beyond is a truncated packet. */
export class Region {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get length(): number {
    return this.#bytes.length;
  }
  need(length: number): this {
    if (this.#bytes.length < length) throw new Rejected("truncated");
    return this;
  }
  u8(at: number): number {
    return this.need(at + 1).#bytes[at]!;
  }
  u16(at: number): number {
    return this.u8(at) * 256 + this.u8(at + 1);
  }
  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2);
  }
  take(from: number, to = this.length): Uint8Array {
    this.need(Math.max(from, to));
    return this.#bytes.slice(from, to);
  }
  part(from: number, to = this.length): Region {
    return new Region(this.take(from, to));
  }
}

export interface Network {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly bytes: number;
  readonly tos: number;
  readonly ttl: number;
  readonly label: number;
  readonly payload: Region;
  readonly fragment?: { readonly id: number; readonly offset: number; readonly protocol: number };
}

export interface Transport {
  readonly from: number;
  readonly to: number;
  readonly tcpFlags?: number;
  readonly icmp?: readonly [type: number, code: number];
  readonly dnsCode?: number;
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const extensions = new Set([0, 43, 44, 60]);
const pairs = [
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
  [10, 9],
] as const;
const pairs6 = [
  [128, 129],
  [130, 131],
  [133, 134],
  [135, 136],
  [139, 140],
  [144, 145],
] as const;

/** Ethernet and up to three VLAN tags. */
export function link(region: Region, outerVlan: number): { type: number; vlan: number; rest: Region } {
  region.need(14);
  let [at, type, vlan] = [14, region.u16(12), outerVlan];
  for (let tags = 0; tags < 3 && (type === 0x8100 || type === 0x88a8); tags++) {
    region.need(at + 4);
    vlan = region.u16(at) & 0xfff;
    type = region.u16(at + 2);
    at += 4;
  }
  return { type, vlan, rest: region.part(at) };
}

export function ipv4(region: Region, depth: number): Network {
  region.need(20);
  const header = (region.u8(0) & 15) * 4;
  const stated = region.u16(2);
  const total = stated === 0 && depth === 1 ? region.length : stated;
  if (region.u8(0) >> 4 !== 4 || header < 20 || total < header) throw new Rejected("bad_ipv4");
  region.need(total);
  const word = region.u16(6);
  const fragment = word & 0x3fff ? { id: region.u16(4), offset: word & 0x1fff, protocol: region.u8(9) } : undefined;
  return {
    source: Uint8Array.from([...mappedPrefix, ...region.take(12, 16)]),
    destination: Uint8Array.from([...mappedPrefix, ...region.take(16, 20)]),
    protocol: region.u8(9),
    bytes: total,
    tos: region.u8(1),
    ttl: region.u8(8),
    label: 0,
    payload: region.part(header, total),
    ...(fragment && { fragment }),
  };
}

export function ipv6(region: Region): Network {
  region.need(40);
  const source = region.take(8, 24);
  const mapped = mappedPrefix.every((byte, i) => source[i] === byte);
  if (region.u8(0) >> 4 !== 6 || mapped) throw new Rejected("bad_ipv6");
  const jumbo = region.u16(4) === 0 && region.u8(6) === 0;
  const total = jumbo ? region.length : 40 + region.u16(4);
  region.need(total);
  const first = region.u32(0);
  const chain = walk(region.u8(6), region.part(40, total));
  return {
    source,
    destination: region.take(24, 40),
    bytes: total,
    tos: (first >>> 20) & 255,
    ttl: region.u8(7),
    label: first & 0xfffff,
    ...chain,
  };
}

function walk(
  protocol: number,
  region: Region,
  count = 0,
  fragment?: Network["fragment"],
): Pick<Network, "protocol" | "payload" | "fragment"> {
  const found = fragment && { fragment };
  if (!extensions.has(protocol) || (fragment?.offset ?? 0) > 0) return { protocol, payload: region, ...found };
  if (count === 8) throw new Rejected("header_chain");
  region.need(8);
  const following = region.u8(0);
  if (protocol !== 44) return walk(following, region.part((region.u8(1) + 1) * 8), count + 1, fragment);
  const word = region.u16(2);
  const here = word & 0xfff9 ? { id: region.u32(4), offset: word >> 3, protocol: following } : undefined;
  return walk(following, region.part(8), count + 1, here);
}

export function parseTransport({ protocol, payload, fragment, bytes }: Network): Transport {
  switch (protocol) {
    case 6: {
      payload.need(20);
      const length = (payload.u8(12) >> 4) * 4;
      if (length < 20) throw new Rejected("bad_transport");
      payload.need(length);
      return { from: payload.u16(0), to: payload.u16(2), tcpFlags: payload.u8(13) };
    }
    case 17: {
      payload.need(8);
      const length = payload.u16(4) === 0 && bytes > 0xffff ? 8 : payload.u16(4);
      if (length < 8) throw new Rejected("bad_transport");
      if (!fragment) payload.need(length);
      const ends = { from: payload.u16(0), to: payload.u16(2) };
      return { ...ends, ...(!fragment && [ends.from, ends.to].includes(53) && dnsCode(payload.part(8))) };
    }
    case 1:
    case 58: {
      payload.need(8);
      const [type, code] = [payload.u8(0), payload.u8(1)];
      const pair = (protocol === 1 ? pairs : pairs6).find(([a, b]) => a === type || b === type);
      const other = pair ? pair[0] + pair[1] - type : code;
      return { from: type, to: other, icmp: [type, code] };
    }
    case 132:
    case 33:
      payload.need(12);
      return { from: payload.u16(0), to: payload.u16(2) };
    case 136:
      payload.need(8);
      return { from: payload.u16(0), to: payload.u16(2) };
    case 50:
      payload.need(8);
      return { from: 0, to: 0 };
    case 51:
      payload.need(12);
      return { from: 0, to: 0 };
    default:
      return { from: 0, to: 0 };
  }
}

/** A DNS response's code (RFC 1035, 4.1.1); nothing for a query, or where there is no whole header. */
function dnsCode(message: Region): { dnsCode?: number } {
  try {
    message.need(12);
    return message.u8(2) & 0x80 ? { dnsCode: message.u8(3) & 15 } : {};
  } catch {
    return {};
  }
}

interface Inner {
  readonly kind: string;
  readonly vni: number;
  readonly type: number;
  readonly rest: Region;
}

/** What a tunnel's payload is, or undefined where there is no tunnel this parser knows. */
export function enter({ protocol, payload }: Network): Inner | undefined {
  try {
    const inner = tunnel(protocol, payload);
    return inner && [0x0800, 0x86dd, 0x6558].includes(inner.type) ? inner : undefined;
  } catch (error) {
    if (error instanceof Rejected) return undefined;
    throw error;
  }
}

function tunnel(protocol: number, payload: Region): Inner | undefined {
  if (protocol === 4 || protocol === 41)
    return { kind: "ipip", vni: 0, type: protocol === 4 ? 0x0800 : 0x86dd, rest: payload };
  if (protocol === 47) return gre(payload);
  if (protocol !== 17) return undefined;
  const port = payload.u16(2);
  if (![4789, 8472, 6081].includes(port)) return undefined;
  const header = payload.part(8).need(8);
  const vni = header.u32(4) >>> 8;
  if (port !== 6081) return header.u8(0) & 8 ? { kind: "vxlan", vni, type: 0x6558, rest: header.part(8) } : undefined;
  if (header.u8(0) >> 6) return undefined;
  return { kind: "geneve", vni, type: header.u16(2), rest: header.part(8 + (header.u8(0) & 63) * 4) };
}

function gre(payload: Region): Inner | undefined {
  const flags = payload.u16(0);
  const type = payload.u16(2);
  if (flags & 0x4007) return undefined;
  const keyAt = flags & 0x8000 ? 8 : 4;
  const vni = flags & 0x2000 ? payload.u32(keyAt) & 0xffffff : 0;
  const at = keyAt + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
  return { kind: "gre", vni, type, rest: payload.part(at) };
}
