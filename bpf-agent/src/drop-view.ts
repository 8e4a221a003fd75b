import { dropsOffset, sizes } from "./layout.ts";

/** What the kernel dropped for one reason, in all network namespaces. */
export interface Drops {
  /** The kernel's name without SKB_DROP_REASON_, in lower case: "no_socket"; a number where it has no name for it. */
  readonly reason: string;
  readonly packets: number;
  /** Lengths as the kernel has them at that point: with or without link header. */
  readonly bytes: number;
}

/** @param names of `enum skb_drop_reason`, as the kernel's BTF has them */
export const reasonName = (names: Readonly<Record<string, string>>, code: number): string =>
  names[code]?.replace(/^SKB_(DROP_REASON_)?/, "").toLowerCase() ?? String(code);

/** Packets of some flows that the kernel dropped, in the order asked for. */
export class DropView {
  readonly length: number;
  readonly #data: DataView;
  readonly #names: Readonly<Record<string, string>>;

  constructor(buffer: Uint8Array, names: Readonly<Record<string, string>>) {
    this.#data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#names = names;
    this.length = buffer.byteLength / sizes.drops;
  }

  packets(index: number): number {
    return Number(this.#data.getBigUint64(index * sizes.drops + dropsOffset.packets, true));
  }

  /** IP total length. */
  bytes(index: number): number {
    return Number(this.#data.getBigUint64(index * sizes.drops + dropsOffset.bytes, true));
  }

  /** Why the last one was dropped, as in {@link Drops}; "" where none was. */
  reason(index: number): string {
    if (this.packets(index) === 0) return "";
    return reasonName(this.#names, this.#data.getUint32(index * sizes.drops + dropsOffset.reason, true));
  }

  /** The slot's generation; 0 where none was dropped. */
  generation(index: number): number {
    return this.#data.getUint32(index * sizes.drops + dropsOffset.generation, true);
  }
}
