import type { Facts } from "./object-table.ts";
import type { Owner } from "./owners.ts";

/** Attributes of an end of a flow, encoded: as the source's and as the destination's. */
export interface Encoded {
  readonly epoch: number;
  readonly blocks: readonly [source: Uint8Array, destination: Uint8Array];
}

/** Something that an address can belong to. */
interface Entity extends Facts {
  /** Its number in address indexes. */
  readonly number: number;
  /** Attributes, where they were needed already. */
  encoded?: Encoded;
}

export interface Container {
  readonly name: string;
  /** The runtime's identifier, without its scheme; "" before the container is started, and for pods of other nodes. */
  readonly id: string;
  /** TCP, UDP and SCTP ports that it declares: protocol << 16 | port. */
  readonly ports: readonly number[];
}

export interface PodEntity extends Entity {
  readonly kind: "pod";
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly owner: Owner | undefined;
  readonly containers: readonly Container[];
  /** Addresses that it has or had. */
  readonly addresses: readonly string[];
}

export interface NodeEntity extends Entity {
  readonly kind: "node";
  readonly addresses: readonly string[];
}

export interface ServiceEntity extends Entity {
  readonly kind: "service";
  readonly addresses: readonly string[];
  /** Whether it has an address of its own. */
  readonly hasAddress: boolean;
  /** protocol << 16 | port */
  readonly nodePorts: readonly number[];
}

/** A pod of which only what an EndpointSlice says is known. */
export interface EndpointEntity extends Facts {
  readonly kind: "endpoint";
  readonly node: string;
  encoded?: Encoded;
}

export type AnyEntity = PodEntity | NodeEntity | ServiceEntity | EndpointEntity;

/** Numbers for what has an address: address indexes hold nothing else. */
export class Entities {
  readonly #all: (AnyEntity | undefined)[] = [];
  readonly #free: number[] = [];

  /** A number that is not in use; {@link set} says what has it. */
  reserve(): number {
    return this.#free.pop() ?? this.#all.push(undefined) - 1;
  }

  set(entity: PodEntity | NodeEntity | ServiceEntity): void {
    this.#all[entity.number] = entity;
  }

  get(number: number): AnyEntity | undefined {
    return this.#all[number];
  }

  release(number: number): void {
    this.#all[number] = undefined;
    this.#free.push(number);
  }
}
