import type { Clock } from "../clock.ts";
import { communityId } from "../community-id.ts";
import type { FlowView, Side } from "../flow-view.ts";
import { formatAddress } from "../flow-view.ts";
import { type Direction, keyOffset, marks } from "../layout.ts";
import { endReasons, type FlowRecord } from "../store/flow-record.ts";
import { type AttributeName, spanAttributes } from "./attribute-table.ts";
import { type InterfaceFacts, isLocal } from "./interfaces.ts";
import { dscpName, ecnNames, tcpFlagNames, transportName } from "./names.ts";
import { keyField, ProtoWriter, textValue } from "./proto-writer.ts";

/** Bytes before a span for the tag and length of the field that holds it. */
const HEAD = 6;
/** Field 2 of ScopeSpans, `spans`. */
const SPANS = 0x12;
/** Tags of a Span's fields: https://github.com/open-telemetry/opentelemetry-proto, trace.proto, v1.9.0 */
const Span = { traceId: 0x0a, spanId: 0x12, name: 0x2a, kind: 0x30, start: 0x39, end: 0x41 } as const;
const Kind = { internal: 1, server: 2, client: 3 } as const;

const [TCP, UDP, ICMP, ICMPV6] = [6, 17, 1, 58];

const keys = Object.fromEntries(
  Object.keys(spanAttributes).map((name) => [name, keyField(name)]),
) as unknown as Readonly<Record<AttributeName, Uint8Array>>;

/** Encoded texts that are used again and again. */
class Texts {
  readonly #known = new Map<string, Uint8Array>();

  of(text: string): Uint8Array {
    const known = this.#known.get(text);
    if (known) return known;
    const made = textValue(text);
    this.#known.set(text, made);
    return made;
  }
}

/** Keys of what is said of each direction. */
const directionKeys = (prefix: "flow" | "flow.reverse") => ({
  bytesDelta: keys[`${prefix}.bytes.delta`],
  bytesTotal: keys[`${prefix}.bytes.total`],
  packetsDelta: keys[`${prefix}.packets.delta`],
  packetsTotal: keys[`${prefix}.packets.total`],
  dscpId: keys[`${prefix}.ip.dscp.id`],
  dscpName: keys[`${prefix}.ip.dscp.name`],
  ecnId: keys[`${prefix}.ip.ecn.id`],
  ecnName: keys[`${prefix}.ip.ecn.name`],
  ttl: keys[`${prefix}.ip.ttl`],
  flowLabel: keys[`${prefix}.ip.flow_label`],
  icmpType: keys[`${prefix}.icmp.type.id`],
  icmpCode: keys[`${prefix}.icmp.code.id`],
  flagBits: keys[`${prefix}.tcp.flags.bits`],
  flagTags: keys[`${prefix}.tcp.flags.tags`],
  retransmits: keys[`${prefix}.tcp.retransmits.total`],
  rtt: keys[`${prefix}.tcp.rndtrip.latency`],
});

const forwardKeys = directionKeys("flow");
const reverseKeys = directionKeys("flow.reverse");

/**
 * Encodes records of flows as OTLP spans, each as the field of ScopeSpans that holds it: a batch is its header and the spans one after
 * another. Nothing is made for a span but some texts.
 */
export class SpanEncoder {
  readonly #writer = new ProtoWriter();
  readonly #texts = new Texts();
  readonly #interfaces: ReadonlyMap<number, InterfaceFacts>;
  readonly #seed: Uint32Array;
  readonly #traceId = new Uint32Array(4);
  readonly #spanId = new Uint32Array(2);

  /**
   * @param interfaces by index
   * @param seed four random words of this process: identifiers of spans are derived from it
   */
  constructor(interfaces: ReadonlyMap<number, InterfaceFacts>, seed: Uint32Array) {
    this.#interfaces = interfaces;
    this.#seed = seed;
  }

  /** Encodes one record. @returns a view of the bytes, valid until the next call */
  encode(flows: FlowView, i: number, record: FlowRecord, clock: Clock): Uint8Array {
    const w = this.#writer;
    w.at = HEAD;
    const protocol = flows.protocol(i);
    const forward = flows.initiator(i);
    const reverse = forward ? 0 : 1;
    const isV4 = isMapped(flows.key(i));
    const type = isV4 ? "ipv4" : "ipv6";
    const transport = transportName(protocol);
    const sourceIsLocal = this.#sentHere(flows, i, forward);
    const destinationIsLocal = this.#sentHere(flows, i, reverse);

    this.#identify(flows, i, record);
    w.identifier(Span.traceId, this.#traceId);
    w.identifier(Span.spanId, this.#spanId);
    w.field(Span.name, this.#texts.of(`flow_${type}_${transport}`).subarray(2));
    w.bytes[w.at++] = Span.kind;
    w.bytes[w.at++] = kindOf(sourceIsLocal, destinationIsLocal);
    w.fixed64(Span.start, record.startNs + clock.realtimeOffsetNs);
    w.fixed64(Span.end, record.endNs + clock.realtimeOffsetNs);

    w.ascii(keys["flow.community_id"], communityId(flows.key(i), forward));
    this.#text("flow.direction", directionOf(sourceIsLocal, destinationIsLocal));
    this.#text("flow.reporter", sourceIsLocal || !destinationIsLocal ? "source" : "destination");
    this.#text("flow.end_reason", endReasons[record.reason]!);
    this.#text("network.transport", transport);
    this.#text("network.type", type);
    this.#ends(flows, i, forward, protocol);
    this.#interface(record.ifindex);
    this.#direction(forwardKeys, flows, i, forward, record, isV4, protocol);
    this.#direction(reverseKeys, flows, i, reverse, record, isV4, protocol);
    this.#latencies(flows, i, forward, protocol);
    this.#attributes(flows, i, forward);
    return this.#framed();
  }

  /** Puts tag and length before the span. */
  #framed(): Uint8Array {
    const w = this.#writer;
    const end = w.at;
    const length = end - HEAD;
    let bytes = 1;
    for (let rest = length; rest >= 128; rest >>>= 7) bytes++;
    const start = HEAD - 1 - bytes;
    w.at = start;
    w.bytes[w.at++] = SPANS;
    w.varint(length);
    w.at = end;
    return w.bytes.subarray(start, end);
  }

  #text(name: AttributeName, value: string): void {
    this.#writer.text(keys[name], this.#texts.of(value));
  }

  /** All records of a flow are one trace; each is a span of it. */
  #identify(flows: FlowView, i: number, record: FlowRecord): void {
    const [slot, generation, first] = [flows.slot(i), flows.generation(i), flows.firstNs(i)];
    let hash = 0;
    const mix = (word: number) => {
      hash = Math.imul(hash ^ word, 0x85ebca6b);
      hash ^= hash >>> 13;
      hash = Math.imul(hash, 0xc2b2ae35);
      hash ^= hash >>> 16;
    };
    for (let n = 0; n < 4; n++) {
      hash = this.#seed[n]!;
      mix(slot);
      mix(generation);
      mix(first >>> 0);
      this.#traceId[n] = hash;
    }
    for (let n = 0; n < 2; n++) {
      hash = this.#traceId[n]! ^ this.#seed[n + 2]!;
      mix(record.number + 1);
      this.#spanId[n] = hash;
    }
    // Neither may be all zeros.
    this.#traceId[3]! |= 1;
    this.#spanId[1]! |= 1;
  }

  /** Whether the sender of a direction's packets is on this node. */
  #sentHere(flows: FlowView, i: number, direction: Direction): boolean {
    const hook = flows.hook(i, direction);
    if (hook === "none") return false;
    // Only what the host itself sent is counted as it leaves.
    return hook === "egress" || isLocal(this.#interfaces.get(flows.ifindex(i, direction)));
  }

  #ends(flows: FlowView, i: number, forward: Direction, protocol: number): void {
    const key = flows.key(i);
    const address = (high: boolean) => {
      const start = high ? keyOffset.high : keyOffset.low;
      return formatAddress(key.subarray(start, start + 16));
    };
    const port = (high: boolean) => (high ? flows.highPort(i) : flows.lowPort(i));
    const { translations } = flows.marks(i) & marks.translated ? flows.attributes(i) : { translations: undefined };
    const nat = translations && translations.count(0) > 0 ? translations : undefined;
    const own = { source: forward === 1, destination: forward === 0 };
    const source = nat?.original(0).source ?? { address: address(own.source), port: port(own.source) };
    const destination = nat?.translated(0).destination ?? {
      address: address(own.destination),
      port: port(own.destination),
    };
    this.#end("source", source, protocol);
    this.#end("destination", destination, protocol);
    if (!nat) return;
    const [sent, arrived] = [nat.original(0), nat.translated(0)];
    if (sent.destination.address !== destination.address || sent.destination.port !== destination.port)
      this.#end("flow.nat.destination", sent.destination, protocol);
    if (arrived.source.address !== source.address || arrived.source.port !== source.port)
      this.#end("flow.nat.source", arrived.source, protocol);
  }

  #end(
    prefix: "source" | "destination" | "flow.nat.source" | "flow.nat.destination",
    { address, port }: { readonly address: string; readonly port: number },
    protocol: number,
  ): void {
    this.#writer.ascii(keys[`${prefix}.address`], address);
    if (protocol !== ICMP && protocol !== ICMPV6 && port > 0) this.#writer.int(keys[`${prefix}.port`], port);
  }

  #interface(ifindex: number): void {
    const facts = this.#interfaces.get(ifindex);
    if (ifindex > 0) this.#writer.int(keys["network.interface.index"], ifindex);
    if (!facts) return;
    this.#text("network.interface.name", facts.name);
    if (facts.mac !== "00:00:00:00:00:00" && facts.mac !== "") this.#text("network.interface.mac", facts.mac);
  }

  #direction(
    of: typeof forwardKeys,
    flows: FlowView,
    i: number,
    direction: Direction,
    record: FlowRecord,
    isV4: boolean,
    protocol: number,
  ): void {
    const w = this.#writer;
    w.int(of.bytesDelta, record.bytes[direction]);
    w.int(of.bytesTotal, flows.bytes(i, direction));
    w.int(of.packetsDelta, record.packets[direction]);
    w.int(of.packetsTotal, flows.packets(i, direction));
    if (flows.hook(i, direction) === "none") return;
    const side: Side = flows.side(i, direction);
    w.int(of.dscpId, side.dscp);
    const dscp = dscpName(side.dscp);
    if (dscp) w.text(of.dscpName, this.#texts.of(dscp));
    w.int(of.ecnId, side.ecn);
    w.text(of.ecnName, this.#texts.of(ecnNames[side.ecn & 3]!));
    w.int(of.ttl, side.ttl);
    if (!isV4) w.int(of.flowLabel, side.flowLabel);
    if (protocol === ICMP || protocol === ICMPV6) {
      w.int(of.icmpType, side.icmpType);
      w.int(of.icmpCode, side.icmpCode);
    }
    if (protocol !== TCP) return;
    const bits = flows.tcpFlags(i, direction);
    w.int(of.flagBits, bits);
    w.texts(
      of.flagTags,
      tcpFlagNames.filter((_, bit) => bits & (1 << bit)).map((name) => this.#texts.of(name)),
    );
    w.int(of.retransmits, flows.retransmits(i, direction));
    const rtt = flows.rttUs(i, direction);
    if (rtt > 0) w.int(of.rtt, 1000 * rtt);
  }

  #latencies(flows: FlowView, i: number, forward: Direction, protocol: number): void {
    const time = (name: AttributeName, us: number) => {
      if (us > 0) this.#writer.int(keys[name], 1000 * us);
    };
    if (protocol === TCP) {
      this.#text("flow.connection.state", flows.tcpState(i));
      time("flow.tcp.handshake.latency", flows.handshakeUs(i));
      time("flow.tcp.svc.latency", flows.serviceUs(i));
      time("flow.tcp.svc.jitter", flows.serviceJitterUs(i));
      time("flow.tcp.rndtrip.jitter", flows.rttJitterUs(i));
    } else if (protocol === UDP) time("flow.dns.latency", flows.serviceUs(i));
    else if (protocol === ICMP || protocol === ICMPV6) time("flow.icmp.echo.latency", flows.rttUs(i, forward));
  }

  /** What only some flows have. */
  #attributes(flows: FlowView, i: number, forward: Direction): void {
    if (!flows.hasAttributes) return;
    const w = this.#writer;
    const { tunnel, processes } = flows.attributes(i);
    if (tunnel && tunnel.type(0) !== "none") {
      this.#text("tunnel.type", tunnel.type(0));
      w.int(keys["tunnel.id"], tunnel.vni(0));
      w.ascii(keys["tunnel.source.address"], tunnel.source(0));
      w.int(keys["tunnel.source.port"], tunnel.sourcePort(0));
      w.ascii(keys["tunnel.destination.address"], tunnel.destination(0));
      w.int(keys["tunnel.destination.port"], tunnel.destinationPort(0));
      w.int(keys["tunnel.bytes.total"], tunnel.bytes(0));
    }
    if (processes && processes.pid(0, forward) > 0) {
      w.int(keys["process.pid"], processes.pid(0, forward));
      w.text(keys["process.executable.name"], textValue(processes.name(0, forward)));
    }
  }
}

/** Whether a key's addresses are IPv4, mapped into IPv6 (::ffff:0:0/96). */
function isMapped(key: Uint8Array): boolean {
  for (let n = 0; n < 10; n++) if (key[keyOffset.low + n] !== 0) return false;
  return key[keyOffset.low + 10] === 0xff && key[keyOffset.low + 11] === 0xff;
}

const kindOf = (sourceIsLocal: boolean, destinationIsLocal: boolean): number => {
  if (sourceIsLocal === destinationIsLocal) return Kind.internal;
  return sourceIsLocal ? Kind.client : Kind.server;
};

const directionOf = (sourceIsLocal: boolean, destinationIsLocal: boolean): string => {
  if (sourceIsLocal) return destinationIsLocal ? "internal" : "egress";
  return destinationIsLocal ? "ingress" : "transit";
};
