import type { Sink } from "./page.ts";

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;
/** A varint of a 53-bit number, or a tag. */
const LONGEST_VARINT = 10;
/** Bytes set aside for a nested message's length before it is known: up to 2^28 - 1. */
const LENGTH_BYTES = 4;

/** Writes the protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as much of it as metrics need. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #at = 0;

  /** A whole number that is not negative; exact up to 2^53. */
  varint(field: number, value: number): void {
    this.#tag(field, WIRE_VARINT);
    this.#varint(value);
  }

  /** A signed whole number of up to 53 bits, zigzag-encoded. */
  sint(field: number, value: number): void {
    this.#tag(field, WIRE_VARINT);
    this.#varint(zigzag(value));
  }

  double(field: number, value: number): void {
    this.#tag(field, WIRE_FIXED64);
    this.#reserve(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  string(field: number, value: string): void {
    const bytes = Buffer.byteLength(value);
    this.#tag(field, WIRE_LENGTH);
    this.#varint(bytes);
    this.#reserve(bytes);
    this.#at += this.#buffer.write(value, this.#at, "utf8");
  }

  packedSint(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) this.#varint(zigzag(value));
    });
  }

  /** A nested message: `body` writes it to the writer it is given. */
  message(field: number, body: (inner: ProtoWriter) => void): void {
    this.#tag(field, WIRE_LENGTH);
    this.#reserve(LENGTH_BYTES);
    const start = this.#at + LENGTH_BYTES;
    this.#at = start;
    body(this);
    const length = this.#at - start;
    this.#at = start - LENGTH_BYTES;
    this.#varint(length);
    this.#buffer.copyWithin(this.#at, start, start + length);
    this.#at += length;
  }

  /** Appends everything written, after its length. */
  writeDelimited(sink: Sink): void {
    const length = this.#at;
    this.#varint(length);
    const prefix = this.#buffer.subarray(length, this.#at);
    sink.reserve(this.#at);
    prefix.copy(sink.buffer, sink.length);
    this.#buffer.copy(sink.buffer, sink.length + prefix.length, 0, length);
    sink.length += this.#at;
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number): void {
    this.#reserve(LONGEST_VARINT);
    let rest = value;
    // Division, not shifts: counts may exceed 32 bits.
    while (rest >= 128) {
      this.#buffer[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
