/** Bytes of a number as a varint. */
function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** An attribute's key as the first field of a KeyValue. */
export function keyField(name: string): Uint8Array {
  const bytes = Buffer.from(name);
  return Uint8Array.from([0x0a, bytes.length, ...bytes]);
}

/** A text with what comes before it in an AnyValue, for texts that are written often. */
export function textValue(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Uint8Array.from([0x0a, ...varint(bytes.length), ...bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** Several texts with what comes before them in an AnyValue. @param values together shorter than 128 bytes */
export function textsValue(values: readonly string[]): Uint8Array {
  const items = values.flatMap((value) => {
    const item = textValue(value);
    return [0x0a, item.length, ...item];
  });
  return Uint8Array.from([Any.array, items.length, ...items]);
}

/** Field 9 of a Span, `attributes`, as a tag. */
const ATTRIBUTE = 0x4a;
/** Field 2 of a KeyValue, `value`. */
const VALUE = 0x12;
/** Fields of an AnyValue. */
const Any = { string: 0x0a, int: 0x18, array: 0x2a } as const;

/** Key and value together below this make one-byte lengths, and fit what is reserved. */
const SHORT = 100;

/** Most bytes of one attribute beside its text: tags, lengths and the key. */
const OVERHEAD = 128;

/**
 * Writes one protobuf message into a buffer that is used again. Attributes are written in one pass: the length of each is known from
 * its key and value before the first byte is.
 */
export class ProtoWriter {
  bytes = new Uint8Array(8192);
  at = 0;
  #data = new DataView(this.bytes.buffer);

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.at + bytes));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.#data = new DataView(larger.buffer);
  }

  /** Appends a copy. A loop beats `set` for what is as short as keys and texts. */
  #copy(bytes: Uint8Array): void {
    const { bytes: to, at } = this;
    const length = bytes.length;
    if (length > 48) to.set(bytes, at);
    else for (let n = 0; n < length; n++) to[at + n] = bytes[n]!;
    this.at = at + length;
  }

  varint(value: number): void {
    const { bytes } = this;
    let at = this.at;
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.at = at;
  }

  fixed64(tag: number, value: number): void {
    this.bytes[this.at++] = tag;
    const high = Math.floor(value / 0x1_0000_0000);
    this.#data.setUint32(this.at, value - high * 0x1_0000_0000, true);
    this.#data.setUint32(this.at + 4, high, true);
    this.at += 8;
  }

  /** Four or two 32-bit words as the bytes of an identifier. */
  identifier(tag: number, words: Uint32Array): void {
    this.bytes[this.at++] = tag;
    this.bytes[this.at++] = 4 * words.length;
    for (let n = 0; n < words.length; n++) this.#data.setUint32(this.at + 4 * n, words[n]!);
    this.at += 4 * words.length;
  }

  /** A field of bytes. */
  field(tag: number, bytes: Uint8Array): void {
    this.reserve(bytes.length + 8);
    this.bytes[this.at++] = tag;
    this.varint(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  int(key: Uint8Array, value: number): void {
    const valueBytes = varintBytes(value);
    this.#begin(key, 1 + valueBytes);
    this.bytes[this.at++] = Any.int;
    if (valueBytes === 1) this.bytes[this.at++] = value;
    else this.varint(value);
  }

  /** Begins an attribute whose key and AnyValue are so short that each length is one byte: in one piece, because it is the most of a span. */
  #begin(key: Uint8Array, length: number): void {
    this.reserve(OVERHEAD);
    const { bytes } = this;
    const keyBytes = key.length;
    let at = this.at;
    bytes[at++] = ATTRIBUTE;
    bytes[at++] = keyBytes + 2 + length;
    for (let n = 0; n < keyBytes; n++) bytes[at++] = key[n]!;
    bytes[at++] = VALUE;
    bytes[at++] = length;
    this.at = at;
  }

  /** @param value made by {@link textValue} */
  text(key: Uint8Array, value: Uint8Array): void {
    if (key.length + value.length < SHORT) this.#begin(key, value.length);
    else this.#attribute(key, value.length);
    this.#copy(value);
  }

  /** @param value every character is one byte */
  asciiBytes(key: Uint8Array, value: Uint8Array): void {
    this.#attribute(key, 1 + varintBytes(value.length) + value.length);
    this.bytes[this.at++] = Any.string;
    this.varint(value.length);
    this.#copy(value);
  }

  /** @param value every character is one byte */
  ascii(key: Uint8Array, value: string): void {
    this.#attribute(key, 1 + varintBytes(value.length) + value.length);
    this.bytes[this.at++] = Any.string;
    this.varint(value.length);
    for (let n = 0; n < value.length; n++) this.bytes[this.at++] = value.charCodeAt(n);
  }

  /** Begins an attribute whose AnyValue has `length` bytes. */
  #attribute(key: Uint8Array, length: number): void {
    this.reserve(OVERHEAD + length);
    this.bytes[this.at++] = ATTRIBUTE;
    this.varint(key.length + 1 + varintBytes(length) + length);
    this.#copy(key);
    this.bytes[this.at++] = VALUE;
    this.varint(length);
  }
}
