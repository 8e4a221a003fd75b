import { type Direction, keyOffset, marks, recordOffset, sideOffset, sizes, slotOffset } from "./layout.ts";

/** An address as text: dotted quad for IPv4, RFC 5952 for IPv6. */
export function formatAddress(bytes: Uint8Array): string {
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return bytes.subarray(12, 16).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const text = groups.map((group) => group.toString(16));
  const run = longestZeroRun(groups);
  if (run.length < 2) return text.join(":");
  return `${text.slice(0, run.start).join(":")}::${text.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (start + length < groups.length && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** What the first packet of a direction said. */
export interface Side {
  readonly dscp: number;
  readonly ecn: number;
  readonly ttl: number;
  readonly icmpType: number;
  readonly icmpCode: number;
  /** IPv6 flow label. */
  readonly flowLabel: number;
  /** VLAN id, innermost tag; 0 for none. */
  readonly vlan: number;
}

/** TCP's state as far as the flags seen tell. */
export type TcpState = "none" | "syn_sent" | "syn_received" | "established" | "fin_wait" | "closed" | "reset";

const SYN = 0x02;
const FIN = 0x01;
const RST = 0x04;

/** Reads `struct flow_key`s where they lie. Indexing is by element; nothing is allocated but strings. */
export class KeyView {
  protected readonly data: DataView;
  protected readonly buffer: Uint8Array;
  readonly #stride: number;

  constructor(buffer: Uint8Array, stride: number) {
    this.buffer = buffer;
    this.data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#stride = stride;
  }

  protected at(index: number): number {
    return index * this.#stride;
  }

  /** The 40 bytes that identify the flow; a view, valid during the batch's callback only. */
  key(index: number): Uint8Array {
    return this.buffer.subarray(this.at(index), this.at(index) + sizes.key);
  }

  /** @returns The smaller end's address as text. */
  lowAddress(index: number): string {
    const start = this.at(index) + keyOffset.low;
    return formatAddress(this.buffer.subarray(start, start + 16));
  }

  /** @returns The greater end's address as text. */
  highAddress(index: number): string {
    const start = this.at(index) + keyOffset.high;
    return formatAddress(this.buffer.subarray(start, start + 16));
  }

  /** TCP, UDP, SCTP port; for ICMP as Community ID v1 has it; else 0. */
  lowPort(index: number): number {
    return this.data.getUint16(this.at(index) + keyOffset.lowPort);
  }

  highPort(index: number): number {
    return this.data.getUint16(this.at(index) + keyOffset.highPort);
  }

  /** IANA protocol number. */
  protocol(index: number): number {
    return this.data.getUint8(this.at(index) + keyOffset.protocolVni);
  }

  /** The VNI in the key; 0 unless flows are keyed by VNI. */
  keyVni(index: number): number {
    return this.data.getUint32(this.at(index) + keyOffset.protocolVni, true) >>> 8;
  }
}

/** Flows as a scan saw them. Valid during the batch's callback only: the buffer is filled again afterwards. */
export class FlowView extends KeyView {
  /** Number of flows. */
  readonly length: number;

  constructor(buffer: Uint8Array, length: number) {
    super(buffer, sizes.record);
    this.length = length;
  }

  #slot(index: number): number {
    return this.at(index) + recordOffset.flow;
  }

  /** The slot's number: what `end` takes. */
  slot(index: number): number {
    return this.data.getUint32(this.at(index) + recordOffset.slot, true);
  }

  /** With the slot it identifies one flow for ever: a reused slot has another generation. */
  generation(index: number): number {
    return this.data.getUint32(this.#slot(index) + slotOffset.generation, true);
  }

  packets(index: number, direction: Direction): number {
    return this.#count(this.#slot(index) + slotOffset.packets + slotOffset.sentStride * direction);
  }

  /** IP bytes: total length, without link header and padding. */
  bytes(index: number, direction: Direction): number {
    return this.#count(this.#slot(index) + slotOffset.bytes + slotOffset.sentStride * direction);
  }

  /** A 64-bit count as a number: exact up to 2^53 (8 PiB). */
  #count(offset: number): number {
    return this.data.getUint32(offset + 4, true) * 0x1_0000_0000 + this.data.getUint32(offset, true);
  }

  /** Interface index of the hook that counts the direction; 0 when no packet came that way. */
  ifindex(index: number, direction: Direction): number {
    return observedIfindex(this.data.getUint32(this.#slot(index) + slotOffset.observer + 4 * direction, true));
  }

  /** Low 32 bits of jiffies at the direction's last counted packet; see `Clock.since`. */
  lastJiffies(index: number, direction: Direction): number {
    return this.data.getUint32(this.#slot(index) + slotOffset.lastJiffies + 4 * direction, true);
  }

  /** CLOCK_MONOTONIC nanoseconds of the first packet. */
  firstNs(index: number): number {
    return this.#count(this.#slot(index) + slotOffset.firstNs);
  }

  /** Bits of `marks`. */
  marks(index: number): number {
    return this.data.getUint32(this.#slot(index) + slotOffset.marks, true);
  }

  /** The direction in which the first packet went. */
  initiator(index: number): Direction {
    return this.marks(index) & marks.initiatorHigh ? 1 : 0;
  }

  /** Union of the TCP flags seen that way. */
  tcpFlags(index: number, direction: Direction): number {
    return marks.tcpFlags(this.marks(index), direction);
  }

  tcpState(index: number): TcpState {
    const [one, other] = [this.tcpFlags(index, 0), this.tcpFlags(index, 1)];
    if (!(one | other)) return "none";
    if ((one | other) & RST) return "reset";
    if (one & other & FIN) return "closed";
    if ((one | other) & FIN) return "fin_wait";
    if (one & other & SYN) return this.marks(index) & marks.handshake ? "syn_received" : "established";
    return (one | other) & SYN && !(one && other) ? "syn_sent" : "established";
  }

  /** ESP and AH: the SPI seen that way. TCP: the sequence number expected next. */
  nextSeq(index: number, direction: Direction): number {
    return this.data.getUint32(this.#slot(index) + slotOffset.nextSeq + 4 * direction, true);
  }

  side(index: number, direction: Direction): Side {
    return readSide(this.data, this.#slot(index) + slotOffset.side + 8 * direction);
  }

  /** Segments that brought nothing new: retransmitted, or overtaken on the way. */
  retransmits(index: number, direction: Direction): number {
    return this.#latency(index, slotOffset.retransmits + 4 * direction);
  }

  /** SYN to SYN-ACK, the part of the handshake beyond the observer towards the responder. Microseconds, 0: unknown. */
  synToSynackUs(index: number): number {
    return this.#latency(index, slotOffset.synToSynack);
  }

  /** SYN-ACK to ACK, the part towards the initiator. Microseconds, 0: unknown. */
  synackToAckUs(index: number): number {
    return this.#latency(index, slotOffset.synackToAck);
  }

  /** Last round trip: TCP data to its acknowledgement, ICMP echo to its reply. Microseconds, 0: unknown. */
  rttUs(index: number): number {
    return this.#latency(index, slotOffset.rtt);
  }

  /** RFC 3550 smoothed difference of successive round trips, microseconds. */
  rttJitterUs(index: number): number {
    return this.#latency(index, slotOffset.rttJitter);
  }

  /** Last request to first byte of the answer; DNS query to response. Microseconds, 0: unknown. */
  serviceUs(index: number): number {
    return this.#latency(index, slotOffset.service);
  }

  serviceJitterUs(index: number): number {
    return this.#latency(index, slotOffset.serviceJitter);
  }

  #latency(index: number, offset: number): number {
    return this.data.getUint32(this.#slot(index) + offset, true);
  }
}

/** The interface of an observer: bit 0 is the hook, bit 31 says that it was a filter awaiting a TCX link. */
export const observedIfindex = (observer: number) => (observer & 0x7fff_ffff) >>> 1;

/** Reads a `struct flow_side`. */
export function readSide(data: DataView, offset: number): Side {
  const tos = data.getUint8(offset + sideOffset.tos);
  const labelVlan = data.getUint32(offset + sideOffset.labelVlan, true);
  return {
    dscp: tos >>> 2,
    ecn: tos & 3,
    ttl: data.getUint8(offset + sideOffset.ttl),
    icmpType: data.getUint8(offset + sideOffset.icmpType),
    icmpCode: data.getUint8(offset + sideOffset.icmpCode),
    flowLabel: labelVlan & 0xfffff,
    vlan: labelVlan >>> 20,
  };
}
