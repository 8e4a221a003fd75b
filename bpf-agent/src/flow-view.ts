import type { AttributeTable, FlowAttributes } from "./attributes.ts";
import type { Clock } from "./clock.ts";
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
  /** ICMP code; DNS: the code of the last response (RFC 1035: 3 is NXDOMAIN). */
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
const UDP = 17;

/** How far a tick's time may be from the precise one: the slowest kernels tick a hundred times a second. */
const MOST_TICKS_US = 50_000;

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

  /** The bytes of the elements from `first` to before `last`; a view. @internal */
  elements(first: number, last: number): Uint8Array {
    return this.buffer.subarray(this.at(first), this.at(last));
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

  readonly #attributes: AttributeTable | undefined;

  constructor(buffer: Uint8Array, length: number, attributes?: AttributeTable) {
    super(buffer, sizes.record);
    this.length = length;
    this.#attributes = attributes;
  }

  /** What a flow has beside its counters: in the batches of `end`, and of a scan that was asked for it. It costs no system call here. */
  attributes(index: number): FlowAttributes {
    return this.#attributes?.of(index) ?? {};
  }

  /** Whether the batch has attributes. @internal */
  get hasAttributes(): boolean {
    return this.#attributes?.isEmpty === false;
  }

  /** Copies of a record's attributes as bytes, for a batch in which the record is number `as`. @internal */
  attributeEntries(index: number, as: number): Uint8Array[] {
    return this.#attributes?.entries(index, as) ?? [];
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

  /** Interface index of the hook that counted the direction's first packet; 0 when no packet came that way. */
  ifindex(index: number, direction: Direction): number {
    return this.#hook(index, direction) >>> 1;
  }

  /** Whether the direction's first packet was counted as it came in or as it left; see {@link ifindex}. */
  hook(index: number, direction: Direction): Hook {
    return hookOf(this.#hook(index, direction));
  }

  #hook(index: number, direction: Direction): number {
    return this.data.getUint32(this.#slot(index) + slotOffset.hook + 4 * direction, true);
  }

  /** Low 32 bits of jiffies at the direction's last counted packet; see `Clock.at`. */
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

  /**
   * The last packet's time, CLOCK_MONOTONIC nanoseconds, never before {@link firstNs}: to the microsecond where the flow ended
   * with a FIN or RST or has a DNS response, else to the kernel's tick.
   */
  lastNs(index: number, clock: Clock): number {
    const first = this.firstNs(index);
    let last = first;
    if (this.#hook(index, 0) !== 0) last = Math.max(last, clock.at(this.lastJiffies(index, 0)));
    if (this.#hook(index, 1) !== 0) last = Math.max(last, clock.at(this.lastJiffies(index, 1)));
    const flags = this.tcpFlags(index, 0) | this.tcpFlags(index, 1);
    const answered = this.protocol(index) === UDP && this.serviceUs(index) > 0 && !(this.marks(index) & marks.probe);
    if (!(flags & (FIN | RST)) && !answered) return last;
    const precise = this.#latency(index, slotOffset.probe);
    // Microseconds modulo 2^32, of which `last` knows the rest: the difference is a few ticks.
    const difference = (precise - Math.floor(last / 1000)) | 0;
    return Math.abs(difference) > MOST_TICKS_US ? last : Math.max(first, last + difference * 1000);
  }

  /**
   * The end that began: the sender of the SYN, of the DNS query or echo request, also where its answer was seen first; else of
   * the first packet.
   */
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
    return readSide(this.data, this.#slot(index) + slotOffset.side + slotOffset.sideStride * direction);
  }

  /** Segments that brought nothing new: retransmitted, or overtaken on the way. */
  retransmits(index: number, direction: Direction): number {
    return this.#latency(index, slotOffset.retransmits + 4 * direction);
  }

  /** The last SYN to the ACK of its SYN-ACK. Microseconds, 0: unknown. */
  handshakeUs(index: number): number {
    return this.#latency(index, slotOffset.handshake);
  }

  /**
   * The least time from a segment sent in the direction (SYN, SYN-ACK or data) to its acknowledgement: the round trip of the part
   * of the path beyond the hook that way. ICMP: echo to reply, in the requester's direction. With the feature `socketRtt` the
   * sender's kernel's smoothed round trip, of the whole path. Microseconds, 0: unknown.
   */
  rttUs(index: number, direction: Direction): number {
    return this.#latency(index, slotOffset.rtt + 4 * direction);
  }

  /** Smoothed difference of round trips from the least one, as RFC 3550 smooths, microseconds. */
  rttJitterUs(index: number): number {
    return this.#latency(index, slotOffset.rttJitter);
  }

  /** The initiator's last request to the first byte of the answer; DNS query to response. Microseconds, 0: unknown. */
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

/** Where a packet was counted: as it came into an interface or as it left by it; "none" when no packet went that way. */
export type Hook = "ingress" | "egress" | "none";

export const hookOf = (value: number): Hook => (value === 0 ? "none" : value & 1 ? "egress" : "ingress");

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
