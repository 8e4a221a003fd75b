/** One field of a protobuf message: numbers as such, everything with a length as its bytes. */
export interface ProtoField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * Reads the fields of a protobuf message. Numbers beyond 2^53 lose precision.
 *
 * @throws RangeError if the bytes are not a message
 */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = data.getUint8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 1) {
      yield { number, value: data.getUint32(at, true) + data.getUint32(at + 4, true) * 0x1_0000_0000 };
      at += 8;
    } else if (wire === 2) {
      const length = varint();
      if (length > bytes.length - at) throw new RangeError("a field is longer than its message");
      yield { number, value: bytes.subarray(at, at + length) };
      at += length;
    } else if (wire === 5) {
      yield { number, value: data.getUint32(at, true) };
      at += 4;
    } else throw new RangeError(`wire type ${wire}`);
  }
}

/** The last value of a field with a length; undefined if there is none. */
export function bytesField(bytes: Uint8Array, number: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const field of protoFields(bytes)) {
    if (field.number === number && typeof field.value !== "number") found = field.value;
  }
  return found;
}

/** The last value of a numeric field; 0, its default, if there is none. */
export function numberField(bytes: Uint8Array, number: number): number {
  let found = 0;
  for (const field of protoFields(bytes)) {
    if (field.number === number && typeof field.value === "number") found = field.value;
  }
  return found;
}
