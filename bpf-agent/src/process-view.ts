import { type Direction, processesOffset, sizes } from "./layout.ts";

/** Who sends the packets of some flows, in the order asked for. */
export class ProcessView {
  readonly length: number;
  readonly #buffer: Uint8Array;
  readonly #data: DataView;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.#data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.length = buffer.byteLength / sizes.processes;
  }

  /** Process id in the host's namespace, of the one that made the socket (a listener's is its connections'); 0: unknown. */
  pid(index: number, direction: Direction): number {
    return this.#data.getUint32(this.#at(index, direction) + processesOffset.pid, true);
  }

  /** Id of the cgroup v2 in which the socket was made, its container's: the inode of its folder; 0n: unknown. */
  cgroupId(index: number, direction: Direction): bigint {
    return this.#data.getBigUint64(this.#at(index, direction) + processesOffset.cgroup, true);
  }

  /** The thread's name when it made the socket (comm, 15 bytes); "" when unknown. */
  name(index: number, direction: Direction): string {
    const start = this.#at(index, direction) + processesOffset.name;
    const bytes = this.#buffer.subarray(start, start + processesOffset.nameBytes);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** The slot's generation it was learned for; 0 where nothing is known. */
  generation(index: number): number {
    return this.#data.getUint32(index * sizes.processes + processesOffset.generation, true);
  }

  #at(index: number, direction: Direction): number {
    return index * sizes.processes + processesOffset.stride * direction;
  }
}
