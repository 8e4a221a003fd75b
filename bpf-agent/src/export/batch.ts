import { keyField, textValue } from "../span/proto-writer.ts";

/** Batches kept for the next spans. More are under way only while a backend is slow. */
const KEPT = 4;

/** First guess of a span's size; a batch of larger ones grows. */
const SPAN_BYTES = 1_280;

/**
 * One ExportTraceServiceRequest being filled: spans one after another, with room before them for what encloses them. So a span is copied
 * once on its way from its poller to the socket, however many endpoints it goes to.
 */
export class Batch {
  spans = 0;
  readonly #resource: Uint8Array;
  readonly #scope: Uint8Array;
  /** Where the spans begin. */
  readonly #start: number;
  #bytes: Buffer;
  #end: number;

  /**
   * @param resource fields of ResourceSpans before `scope_spans`, encoded
   * @param scope fields of ScopeSpans before `spans`, encoded
   */
  constructor(resource: Uint8Array, scope: Uint8Array, spans: number) {
    this.#resource = resource;
    this.#scope = scope;
    // Two tags with lengths of up to five bytes enclose them.
    this.#start = resource.length + scope.length + 12;
    this.#end = this.#start;
    this.#bytes = Buffer.allocUnsafeSlow(this.#end + SPAN_BYTES * spans);
  }

  /** Appends a copy of a span, encoded as the field of ScopeSpans that contains it: `SpanEncoder`. */
  add(span: Uint8Array): void {
    if (this.#end + span.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.#end + span.length));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    this.#bytes.set(span, this.#end);
    this.#end += span.length;
    this.spans++;
  }

  /** Empties it, to be filled again. */
  clear(): void {
    this.spans = 0;
    this.#end = this.#start;
  }

  /** The whole request: a view, valid until the batch changes. https://github.com/open-telemetry/opentelemetry-proto, v1.9.0 */
  request(): Uint8Array {
    const spans = this.#end - this.#start;
    const scopeSpans = Buffer.concat([head(0x12, this.#scope.length + spans), this.#scope]);
    const enclosed = this.#resource.length + scopeSpans.length + spans;
    const before = Buffer.concat([head(0x0a, enclosed), this.#resource, scopeSpans]);
    this.#bytes.set(before, this.#start - before.length);
    return this.#bytes.subarray(this.#start - before.length, this.#end);
  }
}

/** Makes batches of one resource, from buffers that are used again. */
export class Batches {
  readonly #resource: Uint8Array;
  readonly #scope: Uint8Array;
  readonly #maxSpans: number;
  readonly #free: Batch[] = [];

  /** @param attributes of the resource */
  constructor(attributes: Readonly<Record<string, string>>, maxSpans: number) {
    const pairs = Object.entries(attributes).map(([name, value]) =>
      field(0x0a, keyField(name), field(0x12, textValue(value))),
    );
    this.#resource = field(0x0a, ...pairs);
    this.#scope = field(0x0a, field(0x0a, Buffer.from("skopos-flow-agent")));
    this.#maxSpans = maxSpans;
  }

  /** An empty batch. */
  take(): Batch {
    return this.#free.pop() ?? new Batch(this.#resource, this.#scope, this.#maxSpans);
  }

  /** Gives a batch back that nobody reads any more. */
  giveBack(batch: Batch): void {
    batch.clear();
    if (this.#free.length < KEPT) this.#free.push(batch);
  }
}

/** Tag and length of a field. */
function head(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function field(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([head(tag, content.length), content]);
}
