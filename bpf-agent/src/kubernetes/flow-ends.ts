import type { Clock } from "../clock.ts";
import type { FlowView } from "../flow-view.ts";
import { keyOffset, marks } from "../layout.ts";
import type { FlowRecord } from "../store/flow-record.ts";

/** Where things are in the bytes before a span on its way to decoration. Little endian. */
const at = {
  startMs: 0,
  source: 8,
  destination: 24,
  target: 40,
  sourceCgroup: 56,
  destinationCgroup: 64,
  sourcePort: 72,
  destinationPort: 74,
  targetPort: 76,
  protocol: 78,
} as const;

/** Bytes before the span. */
export const ENDS_BYTES = 80;

/** Who talked to whom, as far as decoration needs it. Fields are read in place; one object is used for all spans. */
export class FlowEnds {
  bytes: Uint8Array = new Uint8Array(ENDS_BYTES);
  #data = new DataView(this.bytes.buffer);

  /** Reads what {@link EndsWriter} wrote. */
  read(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Begin of the span, in milliseconds of the Unix epoch: whoever had the addresses then. */
  get startMs(): number {
    return this.#data.getFloat64(at.startMs, true);
  }

  get protocol(): number {
    return this.#data.getUint8(at.protocol);
  }

  /** Offset in {@link bytes} of an end's address. */
  addressOf(end: 0 | 1): number {
    return end === 0 ? at.source : at.destination;
  }

  /** protocol << 16 | port */
  portOf(end: 0 | 1): number {
    return (this.protocol << 16) | this.#data.getUint16(end === 0 ? at.sourcePort : at.destinationPort, true);
  }

  /** The cgroup in which an end's socket was made; 0 where it is not known. */
  cgroupOf(end: 0 | 1): number {
    return this.#data.getFloat64(end === 0 ? at.sourceCgroup : at.destinationCgroup, true);
  }

  /** Offset of the address that the initiator sent to: another than the destination's where NAT is between. */
  get target(): number {
    return at.target;
  }

  get targetPort(): number {
    return (this.protocol << 16) | this.#data.getUint16(at.targetPort, true);
  }
}

/** Puts the ends of a flow before its span. */
export class EndsWriter {
  #bytes = new Uint8Array(8192);
  #data = new DataView(this.#bytes.buffer);

  /** @returns a view of the ends and the span, valid until the next call */
  write(flows: FlowView, i: number, record: FlowRecord, clock: Clock, span: Uint8Array): Uint8Array {
    const length = ENDS_BYTES + span.length;
    if (length > this.#bytes.length) {
      this.#bytes = new Uint8Array(2 * length);
      this.#data = new DataView(this.#bytes.buffer);
    }
    const data = this.#data;
    const forward = flows.initiator(i);
    data.setFloat64(at.startMs, (record.startNs + clock.realtimeOffsetNs) / 1e6, true);
    data.setUint8(at.protocol, flows.protocol(i));
    const { translations: nat, processes } = flows.hasAttributes ? flows.attributes(i) : {};
    if (nat !== undefined && flows.marks(i) & marks.translated && nat.count(0) > 0) {
      const [sent, arrived] = [nat.originalKey(0), nat.translatedKey(0)];
      this.#end(at.source, at.sourcePort, sent.key, sent.initiator);
      this.#end(at.target, at.targetPort, sent.key, 1 - sent.initiator);
      this.#end(at.destination, at.destinationPort, arrived.key, 1 - arrived.initiator);
    } else {
      const key = flows.key(i);
      this.#end(at.source, at.sourcePort, key, forward);
      this.#end(at.destination, at.destinationPort, key, 1 - forward);
      this.#end(at.target, at.targetPort, key, 1 - forward);
    }
    data.setFloat64(at.sourceCgroup, Number(processes?.cgroupId(0, forward) ?? 0n), true);
    data.setFloat64(at.destinationCgroup, Number(processes?.cgroupId(0, forward ? 0 : 1) ?? 0n), true);
    this.#bytes.set(span, ENDS_BYTES);
    return this.#bytes.subarray(0, length);
  }

  /** Copies one end of a flow key. @param which 0: the low end */
  #end(address: number, port: number, key: Uint8Array, which: number): void {
    const from = which ? keyOffset.high : keyOffset.low;
    for (let n = 0; n < 16; n++) this.#bytes[address + n] = key[from + n]!;
    const portAt = which ? keyOffset.highPort : keyOffset.lowPort;
    this.#data.setUint16(port, (key[portAt]! << 8) | key[portAt + 1]!, true);
  }
}
