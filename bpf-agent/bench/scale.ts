/** Many flows: event rate and burst, scan, memory. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { FlowReader } from "../src/reader.ts";
import { ShardRings } from "../src/shard-ring.ts";
import { distinct } from "../test/distinct-flows.ts";
import { inject, openLoaded } from "../test/harness.ts";
import type { Injection } from "../test/inject-worker.ts";
import { residentBytes } from "../test/netns.ts";
import { pack } from "../test/pack.ts";
import type { ShardInput } from "../test/shard-worker.ts";
import { report } from "./report.ts";

const none = { peer: null, peerName: null };

/** Injects `rate` new flows a second from a thread of its own for `seconds`; the reader ends them as it goes. */
async function sustained(rate: number, seconds: number): Promise<void> {
  let events = 0;
  using reader = openLoaded({}, { onEvents: ({ length }) => (events += length) });
  const perRound = rate / 50;
  // A flow comes again after `distinctFlows` others: long ended by then.
  const distinctFlows = rate * 4;
  const { packed, stride } = pack(distinct(distinctFlows));
  const data: Injection = {
    program: reader.descriptors().flow_ingress!,
    packed,
    stride,
    repeat: 1,
    rounds: seconds * 50,
    pace: { frames: perRound, everyMs: 20 },
  };
  const before = residentBytes();
  let most = before;
  let running = true;
  const worker = new Worker(new URL("../test/inject-worker.ts", import.meta.url), { workerData: data });
  worker.once("message", () => {
    running = false;
  });
  let ended = 0;
  while (running) {
    await sleep(250);
    const slots: number[] = [];
    await reader.scan((view) => {
      for (let i = 0; i < view.length; i++) slots.push(view.slot(i));
    });
    await reader.end(Uint32Array.from(slots), ({ length }) => (ended += length));
    most = Math.max(most, residentBytes());
  }
  await reader.drain();
  const sent = perRound * seconds * 50;
  const { ring_full, map_full, contended } = reader.counters();
  const suite = "events";
  const name = `${rate / 1000} k/s for ${seconds} s`;
  report({
    ...none,
    suite,
    case: `${name}, received`,
    unit: "events",
    ours: events,
    note: `${sent} sent, ${ended} flows ended`,
  });
  const lost = sent - events;
  const counted = ring_full.packets + map_full.packets + contended.packets;
  report({
    ...none,
    suite,
    case: `${name}, lost`,
    unit: "events",
    ours: lost,
    note: `${counted} of them counted, target 0`,
  });
  report({ ...none, suite, case: `${name}, memory grown`, unit: "MB", ours: (most - before) / 1e6 });
}

/** `count` new flows as fast as one thread can make them. */
async function burst(count: number): Promise<void> {
  let events = 0;
  using reader = openLoaded({ flows: count }, { onEvents: ({ length }) => (events += length) });
  const program = reader.descriptors().flow_ingress!;
  const data: Injection = { program, ...pack(distinct(count)), repeat: 1, rounds: 1 };
  const worker = new Worker(new URL("../test/inject-worker.ts", import.meta.url), { workerData: data });
  await once(worker, "message");
  await reader.drain();
  const { ring_full } = reader.counters();
  const missing = count - events - ring_full.packets;
  const suite = "events";
  const name = `burst of ${count / 1000} k`;
  report({ ...none, suite, case: `${name}, received`, unit: "events", ours: events });
  report({ ...none, suite, case: `${name}, lost and counted`, unit: "events", ours: ring_full.packets });
  report({ ...none, suite, case: `${name}, lost uncounted`, unit: "events", ours: missing, note: "target 0" });
}

/** What the kernel charges for a map or program, from the descriptor's own account. */
const chargedBytes = (fd: number) =>
  Number(/memlock:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? 0);

/** The same scan into the rings of shards, which add up what they read; the reader's thread only copies. */
async function intoShards(reader: FlowReader, shards: number): Promise<void> {
  const rings = new ShardRings(shards);
  const workers = rings.buffers.map((buffer, shard) => {
    const workerData: ShardInput = { buffer, shard, shards };
    return new Worker(new URL("../test/shard-worker.ts", import.meta.url), { workerData });
  });
  await Promise.all(workers.map((worker) => once(worker, "online")));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    await reader.scan((view) => rings.records(view));
    times.push(performance.now() - begin);
  }
  const ended = workers.map((worker) => once(worker, "message"));
  const lost = rings.levels.reduce((sum, each) => sum + each.lost, 0);
  rings.close();
  await Promise.all(ended);
  report({
    ...none,
    suite: "scale",
    case: `scan of 1 M flows into ${shards} shards`,
    unit: "ms",
    ours: Math.min(...times),
    note: `${lost} lost; target 500`,
  });
}

async function million(): Promise<void> {
  const count = 1_000_000;
  using reader = openLoaded({ flows: count, ringBytes: 1 << 27 });
  for (let start = 0; start < count; start += 100_000) inject(reader, distinct(100_000, start));
  await reader.drain();
  const times: number[] = [];
  let [seen, packets] = [0, 0];
  for (let round = 0; round < 5; round++) {
    [seen, packets] = [0, 0];
    const begin = performance.now();
    await reader.scan((view) => {
      seen += view.length;
      for (let i = 0; i < view.length; i++) packets += view.packets(i, 0) + view.packets(i, 1);
    });
    times.push(performance.now() - begin);
  }
  const note = `${seen} flows, ${packets} packets added up in JavaScript; target 500`;
  report({ ...none, suite: "scale", case: "scan of 1 M flows", unit: "ms", ours: Math.min(...times), note });
  await intoShards(reader, 2);
  const { events: _, ...descriptors } = reader.descriptors();
  const bytes = Object.values(descriptors).reduce((sum, fd) => sum + chargedBytes(fd), 0);
  report({
    ...none,
    suite: "scale",
    case: "kernel memory of 1 M flows",
    unit: "MB",
    ours: bytes / 1e6,
    note: "all maps and programs but the ring; target 256",
  });
  const begin = performance.now();
  let ended = 0;
  const slots = Uint32Array.from({ length: count }, (_, i) => i);
  await reader.end(slots, ({ length }) => (ended += length));
  report({
    ...none,
    suite: "scale",
    case: "ending 1 M flows",
    unit: "ms",
    ours: performance.now() - begin,
    note: `${ended} final`,
  });
}

export async function scaleSuite(): Promise<void> {
  await million();
  await burst(500_000);
  await sustained(50_000, 60);
}
