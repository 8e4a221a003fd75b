import type { Clock } from "../clock.ts";
import { communityIdBytes, isMapped } from "../community-id.ts";
import type { FlowView, Side } from "../flow-view.ts";
import type { Direction } from "../layout.ts";
import { endReasons, type FlowRecord } from "../store/flow-record.ts";
import type { AttributeName } from "./attribute-table.ts";
import { writeEnds } from "./ends.ts";
import { Identifiers } from "./identifiers.ts";
import { type InterfaceFacts, isLocal } from "./interfaces.ts";
import { forwardKeys, keys, reverseKeys, Texts } from "./keys.ts";
import { dscpName, ecnNames, tcpFlagNames, transportName } from "./names.ts";
import { ProtoWriter, textsValue, textValue } from "./proto-writer.ts";

/** Bytes before a span for the tag and length of the field that holds it. */
const HEAD = 6;
/** Field 2 of ScopeSpans, `spans`. */
const SPANS = 0x12;
/** Tags of a Span's fields: https://github.com/open-telemetry/opentelemetry-proto, trace.proto, v1.9.0 */
const Span = { traceId: 0x0a, spanId: 0x12, name: 0x2a, kind: 0x30, start: 0x39, end: 0x41 } as const;
const Kind = { internal: 1, server: 2, client: 3 } as const;

const [TCP, UDP, ICMP, ICMPV6] = [6, 17, 1, 58];

/**
 * Encodes records of flows as OTLP spans, each as the field of ScopeSpans that holds it: a batch is its header and the spans one after
 * another. Nothing is made for a span but some texts.
 */
export class SpanEncoder {
  readonly #writer = new ProtoWriter();
  readonly #texts = new Texts();
  readonly #interfaces: ReadonlyMap<number, InterfaceFacts>;
  readonly #identifiers: Identifiers;

  /**
   * @param interfaces by index
   * @param seed four random words of this process: identifiers of spans are derived from it
   */
  constructor(interfaces: ReadonlyMap<number, InterfaceFacts>, seed: Uint32Array) {
    this.#interfaces = interfaces;
    this.#identifiers = new Identifiers(seed);
  }

  /** Encodes one record. @returns a view of the bytes, valid until the next call */
  encode(flows: FlowView, i: number, record: FlowRecord, clock: Clock): Uint8Array {
    const w = this.#writer;
    w.at = HEAD;
    const protocol = flows.protocol(i);
    const forward = flows.initiator(i);
    const reverse = forward ? 0 : 1;
    const key = flows.key(i);
    const isV4 = isMapped(key);
    const { name, type, transport } = kindTexts(protocol, isV4);
    const sourceIsLocal = this.#sentHere(flows, i, forward);
    const destinationIsLocal = this.#sentHere(flows, i, reverse);

    const { traceId, spanId } = this.#identifiers.of(flows, i, record.number);
    w.identifier(Span.traceId, traceId);
    w.identifier(Span.spanId, spanId);
    w.field(Span.name, name);
    w.bytes[w.at++] = Span.kind;
    w.bytes[w.at++] = kindOf(sourceIsLocal, destinationIsLocal);
    w.fixed64(Span.start, record.startNs + clock.realtimeOffsetNs);
    w.fixed64(Span.end, record.endNs + clock.realtimeOffsetNs);

    w.asciiBytes(keys["flow.community_id"], communityIdBytes(key, forward));
    this.#text("flow.direction", directionOf(sourceIsLocal, destinationIsLocal));
    this.#text("flow.reporter", reporterOf(sourceIsLocal, destinationIsLocal));
    this.#text("flow.end_reason", endReasons[record.reason]!);
    w.text(keys["network.transport"], transport);
    w.text(keys["network.type"], type);
    writeEnds(w, flows, i, protocol);
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

  /** Whether the sender of a direction's packets is on this node. */
  #sentHere(flows: FlowView, i: number, direction: Direction): boolean {
    const hook = flows.hook(i, direction);
    if (hook === "none") return false;
    // Only what the host itself sent is counted as it leaves.
    return hook === "egress" || isLocal(this.#interfaces.get(flows.ifindex(i, direction)));
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
    w.text(of.flagTags, flagTags(bits));
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

/** Texts of a kind of flow: the span's name, and the values of `network.type` and `network.transport`. */
interface KindTexts {
  readonly name: Uint8Array;
  readonly type: Uint8Array;
  readonly transport: Uint8Array;
}

const kinds: KindTexts[] = [];

function kindTexts(protocol: number, isV4: boolean): KindTexts {
  const index = 2 * protocol + Number(isV4);
  const known = kinds[index];
  if (known) return known;
  const [type, transport] = [isV4 ? "ipv4" : "ipv6", transportName(protocol)];
  const name = Buffer.from(`flow_${type}_${transport}`);
  const made = { name, type: textValue(type), transport: textValue(transport) };
  kinds[index] = made;
  return made;
}

const tags: Uint8Array[] = [];

/** Names of TCP flags, by their bits. */
function flagTags(bits: number): Uint8Array {
  const known = tags[bits];
  if (known) return known;
  const made = textsValue(tcpFlagNames.filter((_, bit) => bits & (1 << bit)));
  tags[bits] = made;
  return made;
}

const kindOf = (sourceIsLocal: boolean, destinationIsLocal: boolean): number => {
  if (sourceIsLocal === destinationIsLocal) return Kind.internal;
  return sourceIsLocal ? Kind.client : Kind.server;
};

const reporterOf = (sourceIsLocal: boolean, destinationIsLocal: boolean): string => {
  if (sourceIsLocal) return "source";
  return destinationIsLocal ? "destination" : "transit";
};

const directionOf = (sourceIsLocal: boolean, destinationIsLocal: boolean): string => {
  if (sourceIsLocal) return destinationIsLocal ? "internal" : "egress";
  return destinationIsLocal ? "ingress" : "transit";
};
