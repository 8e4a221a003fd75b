import { formatAddress } from "./flow-view.ts";
import { sizes, type TunnelType, tunnelOffset, tunnelTypes } from "./layout.ts";

/** The tunnels that carried some flows, in the order asked for. */
export class TunnelView {
  readonly length: number;
  readonly #buffer: Uint8Array;
  readonly #data: DataView;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.#data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.length = buffer.byteLength / sizes.tunnel;
  }

  type(index: number): TunnelType {
    return tunnelTypes[this.#typeVni(index) & 0xff] ?? "none";
  }

  /** VNI of VXLAN and Geneve; low 24 bits of a GRE key; else 0. */
  vni(index: number): number {
    return this.#typeVni(index) >>> 8;
  }

  /** The generation the tunnel was learned for: another one than the flow's means it belonged to a predecessor. */
  generation(index: number): number {
    return this.#data.getUint32(index * sizes.tunnel + tunnelOffset.generation, true);
  }

  /** Outer addresses and ports, of the packet that showed the tunnel first. */
  source(index: number): string {
    return this.#address(index, tunnelOffset.source);
  }

  destination(index: number): string {
    return this.#address(index, tunnelOffset.destination);
  }

  sourcePort(index: number): number {
    return this.#data.getUint16(index * sizes.tunnel + tunnelOffset.sourcePort);
  }

  destinationPort(index: number): number {
    return this.#data.getUint16(index * sizes.tunnel + tunnelOffset.destinationPort);
  }

  /** Packets of the flow seen inside the tunnel at its underlay. */
  packets(index: number): number {
    return Number(this.#data.getBigUint64(index * sizes.tunnel + tunnelOffset.packets, true));
  }

  /** Their bytes with the tunnel's headers: the outer IP lengths. */
  bytes(index: number): number {
    return Number(this.#data.getBigUint64(index * sizes.tunnel + tunnelOffset.bytes, true));
  }

  #typeVni(index: number): number {
    return this.#data.getUint32(index * sizes.tunnel + tunnelOffset.typeVni, true);
  }

  #address(index: number, offset: number): string {
    const start = index * sizes.tunnel + offset;
    return formatAddress(this.#buffer.subarray(start, start + 16));
  }
}
