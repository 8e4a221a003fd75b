import type { Cluster, End } from "./cluster.ts";
import { ENDS_BYTES, FlowEnds } from "./flow-ends.ts";
import type { Recognition } from "./label-values.ts";

/** What a decorator counts. */
export interface DecorationCounts {
  /** A span got attributes of at least one end. */
  decorated(): void;
  /** Neither end is known. */
  undecorated(): void;
  /** How an end was recognised. */
  end(which: 0 | 1, by: Recognition): void;
}

/** Field 2 of ScopeSpans, `spans`. */
const SPANS = 0x12;
/** Most bytes of the tag and length of that field. */
const HEAD = 6;

/** Appends what Kubernetes knows of both ends to an encoded span. */
export class Decorator {
  readonly #cluster: Cluster;
  readonly #counts: DecorationCounts;
  readonly #ends = new FlowEnds();
  readonly #end: End = { by: "none", entity: undefined, service: undefined, container: "" };
  #bytes = new Uint8Array(8192);
  #at = 0;

  constructor(cluster: Cluster, counts: DecorationCounts) {
    this.#cluster = cluster;
    this.#counts = counts;
  }

  /**
   * Decorates one span.
   *
   * @param input the ends of the flow and its span, as `EndsWriter` puts them together
   * @returns a view of the span, valid until the next call
   */
  decorate(input: Uint8Array): Uint8Array {
    this.#ends.read(input);
    this.#at = HEAD;
    this.#append(input.subarray(bodyOf(input)));
    const bare = this.#at;
    for (const end of [0, 1] as const) {
      const one = this.#end;
      this.#cluster.resolve(this.#ends, end, one);
      this.#counts.end(end, one.by);
      if (one.entity !== undefined) this.#append(this.#cluster.blocks.of(one.entity, end));
      if (one.service !== undefined) this.#append(this.#cluster.blocks.service(one.service, end));
      if (one.container !== "") this.#append(this.#cluster.blocks.container(one.container, end));
    }
    if (this.#at === bare) {
      this.#counts.undecorated();
      return input.subarray(ENDS_BYTES);
    }
    this.#counts.decorated();
    return this.#framed();
  }

  #append(block: Uint8Array): void {
    if (this.#at + block.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#at + block.length));
      larger.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = larger;
    }
    this.#bytes.set(block, this.#at);
    this.#at += block.length;
  }

  /** Puts tag and length before the span. */
  #framed(): Uint8Array {
    const length = this.#at - HEAD;
    let lengthBytes = 1;
    for (let rest = length; rest >= 128; rest >>>= 7) lengthBytes++;
    const start = HEAD - 1 - lengthBytes;
    let at = start;
    this.#bytes[at++] = SPANS;
    let rest = length;
    for (; rest >= 128; rest >>>= 7) this.#bytes[at++] = (rest & 127) | 128;
    this.#bytes[at] = rest;
    return this.#bytes.subarray(start, this.#at);
  }
}

/** Where the fields of the span begin: after the tag and length of the field that holds it. */
function bodyOf(input: Uint8Array): number {
  let at = ENDS_BYTES + 1;
  while (input[at]! >= 128) at++;
  return at + 1;
}
