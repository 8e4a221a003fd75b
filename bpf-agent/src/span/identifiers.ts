import type { FlowView } from "../flow-view.ts";

/** Identifiers of spans: all records of a flow are one trace, and each is a span of it. Derived, so that none is kept for a flow. */
export class Identifiers {
  readonly #seed: Uint32Array;
  readonly #traceId = new Uint32Array(4);
  readonly #spanId = new Uint32Array(2);

  /** @param seed four random words of this process */
  constructor(seed: Uint32Array) {
    this.#seed = seed;
  }

  /** The identifiers of a flow's record, valid until the next call. @param number of the record in its flow */
  of(flows: FlowView, i: number, number: number): { readonly traceId: Uint32Array; readonly spanId: Uint32Array } {
    const [slot, generation, first] = [flows.slot(i), flows.generation(i), flows.firstNs(i) >>> 0];
    for (let n = 0; n < 4; n++) this.#traceId[n] = mix(mix(mix(this.#seed[n]!, slot), generation), first);
    for (let n = 0; n < 2; n++) this.#spanId[n] = mix(this.#traceId[n]! ^ this.#seed[n + 2]!, number + 1);
    // Neither may be all zeros.
    this.#traceId[3]! |= 1;
    this.#spanId[1]! |= 1;
    return { traceId: this.#traceId, spanId: this.#spanId };
  }
}

/** A step of MurmurHash3's finaliser: spreads every bit of a word over the hash. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
