/** Longest message that fits one block with its padding. */
const MOST_BYTES = 55;

/**
 * SHA-1 (FIPS 180-4) of a short message: one block, no objects. A call into OpenSSL costs several times as much for so few bytes.
 */
export class Sha1Block {
  /** The message schedule; the block is its first sixteen words. */
  readonly #words = new Int32Array(80);
  readonly #digest = new Uint32Array(5);
  #length = 0;

  /** Begins another message. */
  clear(): void {
    this.#words.fill(0, 0, 16);
    this.#length = 0;
  }

  /** Appends the low eight bits. @throws RangeError when the message has no room left */
  byte(value: number): void {
    if (this.#length >= MOST_BYTES) throw new RangeError(`a message has at most ${MOST_BYTES} bytes`);
    this.#words[this.#length >> 2]! |= (value & 255) << (24 - 8 * (this.#length & 3));
    this.#length++;
  }

  bytes(from: Uint8Array, start: number, count: number): void {
    for (let n = 0; n < count; n++) this.byte(from[start + n]!);
  }

  /** Ends the message. @returns five words, valid until the next call */
  digest(): Uint32Array {
    const w = this.#words;
    w[this.#length >> 2]! |= 0x80 << (24 - 8 * (this.#length & 3));
    w[15] = 8 * this.#length;
    for (let t = 16; t < 80; t++) {
      const x = w[t - 3]! ^ w[t - 8]! ^ w[t - 14]! ^ w[t - 16]!;
      w[t] = (x << 1) | (x >>> 31);
    }
    let [a, b, c, d, e] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
    for (let t = 0; t < 80; t++) {
      let f: number;
      if (t < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
      else if (t < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
      else if (t < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else f = (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + f + e + w[t]!) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    const out = this.#digest;
    out[0] = 0x67452301 + a;
    out[1] = 0xefcdab89 + b;
    out[2] = 0x98badcfe + c;
    out[3] = 0x10325476 + d;
    out[4] = 0xc3d2e1f0 + e;
    return out;
  }
}
