import fc from "fast-check";
import { expect, test } from "vitest";
import { SpanChannel } from "./span-channel.ts";

const step = fc.oneof(
  fc.record({ offer: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
);

test("spans come out whole and in order, and only those that were taken in", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const writer = SpanChannel.create(4096);
      const reader = new SpanChannel(writer.buffer);
      const inside: Uint8Array[] = [];
      let number = 0;
      for (const each of steps) {
        if ("offer" in each) {
          const span = new Uint8Array(each.offer).fill(++number);
          if (writer.offer(span)) inside.push(span);
          else expect(writer.usedBytes + each.offer).toBeGreaterThan(4096 / 2);
        } else expect(reader.take(each.take)).toEqual(inside.splice(0, each.take));
        expect(reader.size).toBe(inside.length);
      }
      expect(reader.take(1000)).toEqual(inside);
      expect(reader.usedBytes).toBe(0);
    }),
  );
});

test("a reader that waits is woken by the next span", async () => {
  const channel = SpanChannel.create(4096);
  const waited = channel.waitForSpans(600_000);
  channel.offer(Uint8Array.of(1, 2, 3));
  await waited;
  expect(channel.take(1)).toEqual([Uint8Array.of(1, 2, 3)]);
});
