/** What a reader delivers, spread over the threads of shards that block on their rings. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { ShardRings } from "../src/shard-ring.ts";
import { inject, openLoaded, scan } from "./harness.ts";
import * as p from "./packets.ts";
import type { ShardInput, ShardTotals } from "./shard-worker.ts";

const flows = 4000;
const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
const plain = Array.from({ length: flows }, (_, i) =>
  p.ethernet(p.ipv4({ ...ends, protocol: 17 }, p.udp(1000 + i, 9, p.zeros(8)))),
);
const tunnelled = Array.from({ length: 100 }, (_, i) => {
  const inner = p.ethernet(p.ipv4({ source: "10.1.0.1", destination: "10.1.0.2", protocol: 17 }, p.udp(100 + i, 9)));
  return p.ethernet(p.ipv4({ ...ends, protocol: 17 }, p.udp(50_000, 4789, p.vxlan(i, inner))));
});

const sum = (all: readonly ShardTotals[], of: (totals: ShardTotals) => number) =>
  all.reduce((total, each) => total + of(each), 0);

test("every event, record and final record reaches its flow's shard, in order, through rings that are often full", async () => {
  const shards = 3;
  // The smallest ring: a scan's records wrap it several times.
  const rings = new ShardRings(shards, 1 << 16);
  const workers = rings.buffers.map((buffer, shard) => {
    const workerData: ShardInput = { buffer, shard, shards };
    return new Worker(new URL("./shard-worker.ts", import.meta.url), { workerData });
  });
  const ended = workers.map((worker) => once(worker, "message"));
  await using reader = openLoaded({ flows: 8192 }, { onEvents: (view) => rings.events(view) });
  inject(reader, plain);
  inject(reader, [...plain, ...tunnelled]);
  rings.clock(await reader.scan((view) => rings.records(view), undefined, true));
  const all = await scan(reader);
  const slots = Uint32Array.from(all, ({ slot }) => slot);
  rings.clock(await reader.end(slots, (view) => rings.finals(view)));
  expect(rings.levels.map(({ lost }) => lost)).toEqual([0, 0, 0]);
  rings.close();
  const totals = (await Promise.all(ended)).map(([each]) => each as ShardTotals);
  expect(all.length).toBe(flows + tunnelled.length);
  for (const count of [totals.map((t) => t.events), totals.map((t) => t.records), totals.map((t) => t.finals)])
    expect(count.reduce((one, other) => one + other)).toBe(all.length);
  const packets = 2 * flows + tunnelled.length;
  expect([sum(totals, (t) => t.packets), sum(totals, (t) => t.finalPackets)]).toEqual([packets, packets]);
  expect([sum(totals, (t) => t.strays), sum(totals, (t) => t.early)]).toEqual([0, 0]);
  expect(totals.map(({ clocks }) => clocks)).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  expect(totals.flatMap(({ tunnels }) => tunnels).sort()).toEqual(
    tunnelled.map((_, i) => `vxlan ${i} ${100 + i}`).sort(),
  );
  expect(sum(totals, (t) => t.liveTunnels)).toBe(tunnelled.length);
  expect(Math.min(...totals.map((t) => t.records))).toBeGreaterThan(1000);
});
