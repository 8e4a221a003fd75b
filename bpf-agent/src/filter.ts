import { BlockList, isIP } from "node:net";

/** One of the lists of a filter dimension. */
export interface Rules<T> {
  /** When given, only what is listed passes. @default everything passes */
  readonly allow?: readonly T[];
  /** Never passes, listed in `allow` or not. @default nothing */
  readonly deny?: readonly T[];
}

/** Which packets become flows. Every dimension must let a packet pass; CIDRs and ports may match either end. */
export interface FlowFilter {
  /** CIDRs such as "10.0.0.0/8" or "fd00::/8"; the longest matching prefix decides. */
  readonly cidrs?: Rules<string>;
  /** Ports: 443 for any protocol, or "tcp/443"; the exact one decides. */
  readonly ports?: Rules<string | number>;
  /** Protocols by name or IANA number. */
  readonly protocols?: Rules<string | number>;
  /** Interfaces by index. By name, rather do not attach: `ReaderOptions.include`. */
  readonly interfaces?: Rules<number>;
}

/** A map entry: map, key and value; without a value the key is deleted. */
export type MapEntry = readonly [map: string, key: Uint8Array, value?: Uint8Array];

/** A filter as the kernel program takes it. */
export interface EncodedFilter {
  /** Bits of the dimensions that have rules, and of those where only what is allowed passes. */
  readonly rules: number;
  readonly allow: number;
  readonly entries: readonly MapEntry[];
}

/** IANA protocol numbers by the names the filter takes. */
const protocolNumbers = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
} as const satisfies Record<string, number>;

const ALLOW = 1;
const DENY = 2;

const wrong = (problems: readonly string[]) => new RangeError(`flow filter: ${problems.join("; ")}`);

/** Sixteen bytes of an address, IPv4 as ::ffff:a.b.c.d. */
export function addressBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  if (isIP(text) === 4) {
    bytes.set([0xff, 0xff, ...text.split(".").map(Number)], 10);
    return bytes;
  }
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : text;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => (part ? part.split(":").map((group) => Number.parseInt(group, 16)) : []);
  const [front, back] = [groups(head), groups(tail ?? "")];
  const all = tail === undefined ? front : [...front, ...Array(8 - front.length - back.length).fill(0), ...back];
  all.forEach((group, i) => {
    new DataView(bytes.buffer).setUint16(2 * i, group);
  });
  return bytes;
}

const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);

function cidrKey(cidr: string, problems: string[]): Uint8Array {
  const [address = "", length] = cidr.split("/");
  const version = isIP(address);
  const bits = length === undefined ? (version === 4 ? 32 : 128) : Number(length);
  try {
    new BlockList().addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  } catch {
    problems.push(`"${cidr}" is no CIDR such as 10.0.0.0/8`);
    return new Uint8Array(20);
  }
  return new Uint8Array([...u32(bits + (version === 4 ? 96 : 0)), ...addressBytes(address)]);
}

function protocolKey(protocol: string | number, problems: string[]): Uint8Array {
  const known = protocolNumbers[protocol as keyof typeof protocolNumbers] ?? Number(protocol);
  if (!Number.isInteger(known) || known < 0 || known > 255) {
    problems.push(`"${protocol}" is no protocol: a number, or ${Object.keys(protocolNumbers).join(", ")}`);
    return u32(0);
  }
  return u32(known);
}

function portKey(port: string, problems: string[]): Uint8Array {
  const [left, right] = port.split("/");
  const number = Number(right ?? left);
  if (!Number.isInteger(number) || number < 0 || number > 65535) {
    problems.push(`"${port}" is no port such as 443 or tcp/443`);
    return u32(0);
  }
  const protocol = right === undefined ? 0 : new DataView(protocolKey(left!, problems).buffer).getUint32(0, true);
  return u32(((protocol << 16) | number) >>> 0);
}

/**
 * Turns a filter into constants and map entries of kernel/filter.h.
 *
 * @throws RangeError naming everything that is wrong.
 */
export function encodeFilter(filter: FlowFilter = {}): EncodedFilter {
  const problems: string[] = [];
  const entries: [string, Uint8Array, Uint8Array][] = [];
  let [rules, allow] = [0, 0];
  const dimension = <T>(bit: number, map: string, given: Rules<T> | undefined, key: (value: T) => Uint8Array) => {
    for (const value of given?.allow ?? []) entries.push([map, key(value), Uint8Array.of(ALLOW)]);
    for (const value of given?.deny ?? []) entries.push([map, key(value), Uint8Array.of(DENY)]);
    if (given?.allow || given?.deny?.length) rules |= bit;
    if (given?.allow) allow |= bit;
  };
  dimension(1, "filter_cidrs", filter.cidrs, (cidr) => cidrKey(cidr, problems));
  dimension(2, "filter_ports", filter.ports, (port) => portKey(String(port), problems));
  dimension(4, "filter_protocols", filter.protocols, (protocol) => protocolKey(protocol, problems));
  dimension(8, "filter_interfaces", filter.interfaces, (ifindex) => u32(ifindex));
  if (problems.length) throw wrong(problems);
  return { rules, allow, entries };
}

/**
 * The entries that put one filter in the place of another, the switch itself last.
 *
 * @param generation larger than that of the filter before: flows that it refused are asked about again
 */
export function replaceFilter(before: EncodedFilter | undefined, next: EncodedFilter, generation: number): MapEntry[] {
  const id = ([map, key]: MapEntry) => `${map} ${key}`;
  const kept = new Set(next.entries.map(id));
  const gone = (before?.entries ?? []).filter((entry) => !kept.has(id(entry)));
  // Elements of an array cannot be deleted: no verdict is 0.
  const removals = gone.map(
    ([map, key]): MapEntry => (map === "filter_protocols" ? [map, key, Uint8Array.of(0)] : [map, key]),
  );
  const state = new Uint8Array(Uint32Array.of(next.rules, next.allow, generation, 0).buffer);
  return [...removals, ...next.entries, ["filter_state", u32(0), state]];
}
