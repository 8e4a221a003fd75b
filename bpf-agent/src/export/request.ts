import { keyField, textValue } from "../span/proto-writer.ts";

/** A field with a length: tag, length, content. */
function field(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  const length: number[] = [];
  let rest = content.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  return Buffer.concat([Uint8Array.from([tag, ...length, rest]), content]);
}

/** Attributes of a Resource, encoded. */
function resourceOf(attributes: Readonly<Record<string, string>>): Uint8Array {
  const pairs = Object.entries(attributes).map(([name, value]) =>
    field(0x0a, keyField(name), field(0x12, textValue(value))),
  );
  return field(0x0a, ...pairs);
}

/** Makes ExportTraceServiceRequests of one resource: https://github.com/open-telemetry/opentelemetry-proto, v1.9.0 */
export class RequestBuilder {
  readonly #resource: Uint8Array;
  readonly #scope: Uint8Array;

  /** @param attributes of the resource */
  constructor(attributes: Readonly<Record<string, string>>) {
    this.#resource = resourceOf(attributes);
    this.#scope = field(0x0a, field(0x0a, Buffer.from("skopos-flow-agent")));
  }

  /** @param spans each encoded as the field of ScopeSpans that holds it: `SpanEncoder` */
  build(spans: readonly Uint8Array[]): Uint8Array {
    return field(0x0a, this.#resource, field(0x12, this.#scope, ...spans));
  }
}
