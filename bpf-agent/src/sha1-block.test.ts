import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Sha1Block } from "./sha1-block.ts";

test("a short message has the digest that OpenSSL gives it", () => {
  const block = new Sha1Block();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 55 }), (message) => {
      block.clear();
      block.bytes(message, 0, message.length);
      const digest = Buffer.alloc(20);
      for (const [index, word] of block.digest().entries()) digest.writeUInt32BE(word, 4 * index);
      expect(digest.toString("hex")).toBe(createHash("sha1").update(message).digest("hex"));
    }),
  );
});

test("a longer message is rejected", () => {
  const block = new Sha1Block();
  block.clear();
  expect(() => block.bytes(new Uint8Array(56), 0, 56)).toThrow(RangeError);
});
