import { formatAddress } from "./flow-view.ts";
import {
  type Direction,
  keyOffset,
  sizes,
  translationFlags,
  translationOffset,
  translationsPerFlow,
} from "./layout.ts";

/** One end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A connection's ends: the initiator, and whom it talks to. */
export interface Ends {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** A connection's ends as the bytes of a flow key. */
export interface KeyBytes {
  readonly key: Uint8Array;
  /** The end of the key that is the initiator. */
  readonly initiator: Direction;
}

/**
 * What NAT makes of some flows, in the order asked for. A flow is keyed by one of its two tuples, the first that was seen;
 * here are both. `nth` counts the translations of one flow: a UDP socket may be sent to one backend after another.
 */
export class TranslationView {
  /** Number of flows asked for. */
  readonly length: number;
  readonly #buffer: Uint8Array;
  readonly #data: DataView;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.#data = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.length = buffer.byteLength / sizes.translation / translationsPerFlow;
  }

  /** Translations of the flow; 0 for none. */
  count(index: number): number {
    return this.#places(index).length;
  }

  /** The slot's generation it was learned for, never 0. */
  generation(index: number, nth = 0): number {
    return this.#word(index, nth, translationOffset.generation);
  }

  /** As the initiator sends: the destination is the ClusterIP. */
  original(index: number, nth = 0): Ends {
    return this.#ends(index, nth, translationOffset.original, translationFlags.originalHigh);
  }

  /** As it arrives: the destination is the backend, the source what masquerading made of the initiator. */
  translated(index: number, nth = 0): Ends {
    return this.#ends(index, nth, translationOffset.translated, translationFlags.translatedHigh);
  }

  /** The same as {@link original}, as the bytes of a flow key and the end of it that is the initiator. @internal */
  originalKey(index: number, nth = 0): KeyBytes {
    return this.#keyBytes(index, nth, translationOffset.original, translationFlags.originalHigh);
  }

  /** The same of {@link translated}. @internal */
  translatedKey(index: number, nth = 0): KeyBytes {
    return this.#keyBytes(index, nth, translationOffset.translated, translationFlags.translatedHigh);
  }

  #keyBytes(index: number, nth: number, key: number, highBit: number): KeyBytes {
    const start = this.#at(index, nth) + key;
    const initiator = this.#word(index, nth, translationOffset.flags) & highBit ? 1 : 0;
    return { key: this.#buffer.subarray(start, start + sizes.key), initiator };
  }

  #ends(index: number, nth: number, key: number, highBit: number): Ends {
    const low = this.#endpoint(index, nth, key + keyOffset.low, key + keyOffset.lowPort);
    const high = this.#endpoint(index, nth, key + keyOffset.high, key + keyOffset.highPort);
    const reversed = this.#word(index, nth, translationOffset.flags) & highBit;
    return reversed ? { source: high, destination: low } : { source: low, destination: high };
  }

  #endpoint(index: number, nth: number, address: number, port: number): Endpoint {
    const start = this.#at(index, nth) + address;
    return {
      address: formatAddress(this.#buffer.subarray(start, start + 16)),
      port: this.#data.getUint16(this.#at(index, nth) + port),
    };
  }

  #word(index: number, nth: number, offset: number): number {
    return this.#data.getUint32(this.#at(index, nth) + offset, true);
  }

  #at(index: number, nth: number): number {
    const place = this.#places(index)[nth];
    if (place === undefined) throw new RangeError(`flow ${index} has no translation ${nth}`);
    return place;
  }

  /** Where the flow's translations are: not every place is taken, and a gap may be between. */
  #places(index: number): number[] {
    const all = Array.from(
      { length: translationsPerFlow },
      (_, n) => (index * translationsPerFlow + n) * sizes.translation,
    );
    return all.filter((at) => this.#data.getUint32(at + translationOffset.generation, true) !== 0);
  }
}
