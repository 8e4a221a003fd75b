import { bytesField, protoFields } from "../export/proto-reader.ts";

/** A span as a person reads it. */
export interface DecodedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export type AttributeValue = string | number | boolean | readonly AttributeValue[];

const text = (value: number | Uint8Array | undefined): string =>
  value === undefined || typeof value === "number" ? "" : Buffer.from(value).toString("utf8");
const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString("hex");

/** The spans of an ExportTraceServiceRequest. */
export function* decodeSpans(request: Uint8Array): Generator<DecodedSpan> {
  for (const span of encodedSpans(request)) yield decode(span);
}

/** The same spans as they are encoded. */
export function* encodedSpans(request: Uint8Array): Generator<Uint8Array> {
  for (const resourceSpans of messages(request, 1))
    for (const scopeSpans of messages(resourceSpans, 2)) yield* messages(scopeSpans, 2);
}

function* messages(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of protoFields(bytes)) {
    if (field.number === number && typeof field.value !== "number") yield field.value;
  }
}

function decode(span: Uint8Array): DecodedSpan {
  const attributes: Record<string, AttributeValue> = {};
  for (const pair of messages(span, 9)) attributes[text(bytesField(pair, 1))] = anyValue(bytesField(pair, 2));
  const times = new Map<number, string>();
  for (const { number, value } of protoFields(span)) {
    if (typeof value === "number") times.set(number, new Date(value / 1e6).toISOString());
  }
  return {
    name: text(bytesField(span, 5)),
    traceId: hex(bytesField(span, 1)),
    spanId: hex(bytesField(span, 2)),
    start: times.get(7) ?? "",
    end: times.get(8) ?? "",
    attributes,
  };
}

function anyValue(bytes: Uint8Array = new Uint8Array()): AttributeValue {
  for (const { number, value } of protoFields(bytes)) {
    if (number === 1) return text(value);
    if (number === 2) return value !== 0;
    if (number === 3) return Number(value);
    if (number === 5 && typeof value !== "number") return [...messages(value, 1)].map((item) => anyValue(item));
  }
  return "";
}
