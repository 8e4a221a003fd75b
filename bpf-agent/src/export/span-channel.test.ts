import fc from "fast-check";
import { expect, test } from "vitest";
import { Doorbell, SpanChannel } from "./span-channel.ts";

const step = fc.oneof(
  fc.record({ offer: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
);

/** Copies of up to `most` spans. */
function taken(channel: SpanChannel, most: number): Uint8Array[] {
  const spans: Uint8Array[] = [];
  expect(channel.take(most, (span) => spans.push(Uint8Array.from(span)))).toBe(spans.length);
  return spans;
}

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
        } else expect(taken(reader, each.take)).toEqual(inside.splice(0, each.take));
        expect(reader.size).toBe(inside.length);
      }
      expect(taken(reader, 1000)).toEqual(inside);
      expect(reader.usedBytes).toBe(0);
    }),
  );
});

test("a reader that waits for any of several channels is woken by the next span", async () => {
  const bell = new Doorbell();
  const channels = [0, 1].map(() => SpanChannel.create(4096));
  const writers = channels.map(({ buffer }) => new SpanChannel(buffer, new Doorbell(bell.buffer)));
  for (const [index, writer] of writers.entries()) {
    const waited = bell.rungSince(bell.rings);
    writer.offer(Uint8Array.of(index));
    await waited;
    expect(taken(channels[index]!, 1)).toEqual([Uint8Array.of(index)]);
  }
});

test("a span that comes between looking and waiting is not missed", async () => {
  const bell = new Doorbell();
  const channel = new SpanChannel(SpanChannel.create(4096).buffer, bell);
  const rings = bell.rings;
  expect(taken(channel, 1)).toEqual([]);
  channel.offer(Uint8Array.of(1));
  await bell.rungSince(rings);
});

test("a span waits for room no longer than it may", () => {
  const channel = SpanChannel.create(4096);
  const span = new Uint8Array(1500);
  expect([1, 2].map(() => channel.offerWithin(span, 0))).toEqual([true, true]);
  expect(channel.offerWithin(span, 20)).toBe(false);
  channel.take(1, () => {});
  expect(channel.offerWithin(span, 600_000)).toBe(true);
});
