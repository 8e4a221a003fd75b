import { expect, test } from "vitest";
import type { Clock } from "./clock.ts";
import { ShardReader, ShardRings, shardOf } from "./shard-ring.ts";

test("a flow has one shard, and neighbours have the same", () => {
  const slots = [0, 63, 64, 128, 192];
  expect(slots.map((slot) => shardOf(slot, 3))).toEqual([0, 0, 1, 2, 0]);
});

test("what a shard does not read is given up after a while, and counted", () => {
  const rings = new ShardRings(1, 1 << 16);
  const clock: Clock = { jiffies: 7, monotonicNs: 1e9, realtimeOffsetNs: 5, ringBytes: 3, tickNs: 4e6, at: () => 0 };
  // A clock's message has 56 bytes.
  const room = Math.floor(65_536 / 56);
  for (let i = 0; i <= room; i++) rings.clock(clock);
  expect(rings.levels).toEqual([{ usedBytes: room * 56, lost: 1 }]);
  const seen: Clock[] = [];
  const reader = new ShardReader(rings.buffers[0]!);
  expect(reader.take({ onClock: (read) => seen.push(read) })).toBe(room);
  expect(seen).toEqual(Array.from({ length: room }, () => ({ ...clock, at: expect.any(Function) })));
  rings.close();
  expect([reader.take({}), reader.take({})]).toEqual([1, -1]);
});
