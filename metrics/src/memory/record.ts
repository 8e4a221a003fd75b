import type { Arena } from "./arena.ts";
import type { Heap } from "./heap.ts";
import { CHUNK_BYTES, CHUNK_DOUBLES, DEFINITION, RecordWord, SeriesState } from "./layout.ts";

/** Most bytes of one record's texts: whoever writes one sees to it. */
export const LARGEST_PAYLOAD = CHUNK_BYTES - RecordWord.payload * 4;
/** Bytes before each label value: its length. */
const LENGTH_BYTES = 2;

/** Float64 numbers that a record with so many bytes of payload takes. */
export const recordLength = (payloadBytes: number): number => Math.ceil((RecordWord.payload * 4 + payloadBytes) / 8);

/** Bytes that label values take in a record. */
export function valuesBytes(values: readonly string[]): number {
  let bytes = 0;
  for (const value of values) bytes += LENGTH_BYTES + Buffer.byteLength(value);
  return bytes;
}

/** Writes a metric's definition, not yet published. @returns its place, or -1 when the arena is full */
export function writeDefinition(arena: Arena, heap: Heap, json: string): number {
  const bytes = Buffer.byteLength(json);
  const place = heap.allocate(recordLength(bytes), true);
  if (place < 0) return -1;
  const { words, at } = arena.recordWords(place);
  words[at + RecordWord.metric] = DEFINITION;
  words[at + RecordWord.payloadBytes] = bytes;
  const start = (at + RecordWord.payload) * 4;
  arena.bytes(Math.floor(place / CHUNK_DOUBLES)).write(json, start, "utf8");
  return place;
}

/** Writes a series, not yet published. @returns its place, or -1 when the arena is full */
export function writeSeries(
  arena: Arena,
  heap: Heap,
  metric: { readonly entry: number; readonly generation: number },
  values: readonly string[],
  slots: number,
  created: number,
  urgent: boolean,
): number {
  const length = valuesBytes(values);
  const place = heap.allocate(recordLength(length), urgent);
  if (place < 0) return -1;
  const { words, at } = arena.recordWords(place);
  words[at + RecordWord.payloadBytes] = length;
  words[at + RecordWord.metric] = metric.entry;
  words[at + RecordWord.metricGeneration] = metric.generation;
  words[at + RecordWord.state] = SeriesState.live;
  words[at + RecordWord.slots] = slots;
  const bytes = arena.bytes(Math.floor(place / CHUNK_DOUBLES));
  let offset = (at + RecordWord.payload) * 4;
  for (const value of values) {
    const written = bytes.write(value, offset + LENGTH_BYTES, "utf8");
    bytes.writeUInt16LE(written, offset);
    offset += LENGTH_BYTES + written;
  }
  arena.doubles(Math.floor(place / CHUNK_DOUBLES))[(at + RecordWord.created) / 2] = created;
  return place;
}

/** A definition's JSON. */
export function readJson(arena: Arena, place: number): string {
  const { words, at } = arena.recordWords(place);
  const start = (at + RecordWord.payload) * 4;
  const bytes = arena.bytes(Math.floor(place / CHUNK_DOUBLES));
  return bytes.toString("utf8", start, start + words[at + RecordWord.payloadBytes]!);
}

/** A series' label values, in label order. @param texts keeps each text once: series made together repeat most of their values */
export function readValues(arena: Arena, place: number, texts: Map<string, string>): readonly string[] {
  const { words, at } = arena.recordWords(place);
  const bytes = arena.bytes(Math.floor(place / CHUNK_DOUBLES));
  let offset = (at + RecordWord.payload) * 4;
  const end = offset + words[at + RecordWord.payloadBytes]!;
  const values: string[] = [];
  while (offset < end) {
    const length = bytes.readUInt16LE(offset);
    offset += LENGTH_BYTES;
    const text = bytes.toString("utf8", offset, offset + length);
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    values.push(known ?? text);
    offset += length;
  }
  // Copied to its exact length: an array that grew keeps room for 17.
  return values.slice();
}
