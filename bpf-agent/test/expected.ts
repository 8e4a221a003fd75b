/**
 * A second parser, written from the RFCs and not from the C code, recursive where that one loops. It says what the
 * kernel program must make of a sequence of frames; whoever changes what is counted changes both.
 */
import { type Cause, type Direction, sizes } from "../src/layout.ts";
import {
  enter,
  ipv4,
  ipv6,
  link,
  type Network,
  parseTransport,
  Region,
  Rejected,
  type Transport,
} from "./expected-headers.ts";

/** What a packet is to be counted as. */
export interface Packet {
  readonly key: Uint8Array;
  readonly direction: Direction;
  readonly bytes: number;
  readonly tcpFlags: number;
  readonly congestion: boolean;
  readonly fragment: boolean;
  readonly side: string;
  readonly tunnel: string;
  /** The code of a DNS response: a flow has the last one's. */
  readonly dnsCode?: number;
  /** Counters that grow beside the flow's. */
  readonly notes: readonly Cause[];
}

/** Options that change what is keyed, as in `FlowFeatures`. */
export interface ParserOptions {
  readonly keyByVni?: boolean;
  readonly tunnels?: boolean;
}

export class ExpectedParser {
  readonly #options: ParserOptions;
  /** First fragments seen, as the kernel keeps them. */
  readonly #fragments = new Map<string, { key: Uint8Array; direction: Direction }>();

  constructor(options: ParserOptions = {}) {
    this.#options = options;
  }

  /** @returns the packet, or why it is in no flow. */
  parse(frame: Uint8Array): Packet | Cause {
    try {
      const { type, vlan, rest } = link(new Region(frame), 0);
      return this.#layer(type, rest, vlan, 1, 0, "none");
    } catch (error) {
      if (error instanceof Rejected) return error.reason;
      throw error;
    }
  }

  #layer(type: number, region: Region, vlan: number, depth: number, vni: number, tunnel: string): Packet {
    const network = type === 0x0800 ? ipv4(region, depth) : type === 0x86dd ? ipv6(region) : undefined;
    if (!network) throw new Rejected("not_ip");
    if (network.fragment && network.fragment.offset > 0) return this.#laterFragment(network, vlan, vni, tunnel);
    const transport = parseTransport(network);
    const packet = this.#packet(network, transport, vlan, vni, tunnel);
    if (network.fragment) {
      this.#fragments.set(fragmentId(network, vni), packet);
      return packet;
    }
    return this.#inside(network, packet, vlan, depth);
  }

  /** Follows a tunnel; where its inside cannot be keyed the outer packet stands. */
  #inside(network: Network, outer: Packet, vlan: number, depth: number): Packet {
    const inner = this.#options.tunnels === false ? undefined : enter(network);
    if (!inner) return outer;
    const opaque = { ...outer, notes: [...outer.notes, "tunnel_opaque" as const] };
    if (depth === 3) return opaque;
    const ends = `${hex(network.source)}>${hex(network.destination)}`;
    try {
      const { type, vlan: tag, rest } = inner.type === 0x6558 ? link(inner.rest, vlan) : { ...inner, vlan };
      return this.#layer(
        type,
        rest,
        tag,
        depth + 1,
        inner.vni & 0xffffff,
        `${inner.kind} ${inner.vni & 0xffffff} ${ends}`,
      );
    } catch (error) {
      if (error instanceof Rejected) return opaque;
      throw error;
    }
  }

  #laterFragment(network: Network, vlan: number, vni: number, tunnel: string): Packet {
    const packet = this.#packet(network, { from: 0, to: 0 }, vlan, vni, tunnel);
    const first = this.#fragments.get(fragmentId(network, vni));
    if (!first) return { ...packet, notes: ["fragment_orphan"] };
    return { ...packet, key: first.key, direction: first.direction };
  }

  #packet(network: Network, transport: Transport, vlan: number, vni: number, tunnel: string): Packet {
    const source = concat(network.source, [transport.from >> 8, transport.from & 255]);
    const destination = concat(network.destination, [transport.to >> 8, transport.to & 255]);
    const reversed = Buffer.compare(source, destination) > 0;
    const [low, high] = reversed ? [destination, source] : [source, destination];
    const keyVni = this.#options.keyByVni ? vni : 0;
    const key = new Uint8Array(sizes.key);
    key.set(low.subarray(0, 16), 0);
    key.set(high.subarray(0, 16), 16);
    key.set(low.subarray(16), 32);
    key.set(high.subarray(16), 34);
    key.set([network.protocol, keyVni & 255, (keyVni >> 8) & 255, keyVni >> 16], 36);
    const [type, code] = transport.icmp ?? [0, transport.dnsCode ?? 0];
    return {
      key,
      direction: reversed ? 1 : 0,
      bytes: network.bytes,
      tcpFlags: transport.tcpFlags ?? 0,
      congestion: (network.tos & 3) === 3,
      fragment: network.fragment !== undefined,
      side: [network.tos, network.ttl, type, code, network.label, vlan].join(" "),
      ...(transport.dnsCode !== undefined && { dnsCode: transport.dnsCode }),
      tunnel,
      notes: [],
    };
  }
}

const concat = (bytes: Uint8Array, more: readonly number[]) => Uint8Array.from([...bytes, ...more]);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const fragmentId = ({ source, destination, fragment }: Network, vni: number) =>
  [hex(source), hex(destination), fragment!.id, fragment!.protocol, vni].join(" ");
