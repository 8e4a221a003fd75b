import { type Hook, hookOf, KeyView, readSide, type Side } from "./flow-view.ts";
import { type Direction, eventOffset, sizes, type TunnelType, tunnelTypes } from "./layout.ts";

/** New-flow events, one a flow. Valid during the batch's callback only. */
export class EventView extends KeyView {
  /** Number of events. */
  readonly length: number;

  constructor(buffer: Uint8Array, length: number) {
    super(buffer, sizes.event);
    this.length = length;
  }

  slot(index: number): number {
    return this.#word(index, eventOffset.slot);
  }

  generation(index: number): number {
    return this.#word(index, eventOffset.generation);
  }

  /** CLOCK_MONOTONIC nanoseconds. */
  firstNs(index: number): number {
    return Number(this.data.getBigUint64(this.at(index) + eventOffset.firstNs, true));
  }

  /** Where the first packet was seen. */
  ifindex(index: number): number {
    return this.#word(index, eventOffset.hook) >>> 1;
  }

  /** Whether it was seen as it came in or as it left. */
  hook(index: number): Hook {
    return hookOf(this.#word(index, eventOffset.hook));
  }

  /** IP bytes of the first packet. */
  bytes(index: number): number {
    return this.#word(index, eventOffset.bytes);
  }

  /** The way the first packet went. */
  direction(index: number): Direction {
    return this.data.getUint8(this.at(index) + eventOffset.direction) as Direction;
  }

  tcpFlags(index: number): number {
    return this.data.getUint8(this.at(index) + eventOffset.tcpFlags);
  }

  tunnelType(index: number): TunnelType {
    return tunnelTypes[this.#word(index, eventOffset.typeVni) & 0xff] ?? "none";
  }

  vni(index: number): number {
    return this.#word(index, eventOffset.typeVni) >>> 8;
  }

  side(index: number): Side {
    return readSide(this.data, this.at(index) + eventOffset.side);
  }

  #word(index: number, offset: number): number {
    return this.data.getUint32(this.at(index) + offset, true);
  }
}
