import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import type { FlowReader } from "../src/reader.ts";
import { endAll, type Flow, inject, openLoaded, scan, total } from "./harness.ts";
import type { Injection } from "./inject-worker.ts";
import { pack } from "./pack.ts";
import * as p from "./packets.ts";

const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
const back = { source: "10.0.0.2", destination: "10.0.0.1" };
const udpFrame = (from: number, to: number, fields = ends) =>
  p.ethernet(p.ipv4({ ...fields, protocol: 17 }, p.udp(from, to)));

/** `count` frames, each of another flow. */
const distinct = (count: number) => Array.from({ length: count }, (_, i) => udpFrame(i & 0xffff, 1000 + (i >> 16)));

async function injectInThreads(reader: FlowReader, threads: number, frames: readonly Uint8Array[], rounds: number) {
  const repeat = 500;
  const data: Injection = { ...pack(frames), program: reader.descriptors().flow_ingress!, repeat, rounds };
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./inject-worker.ts", import.meta.url), { workerData: data }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  return threads * frames.length * rounds * repeat;
}

const sum = (flows: readonly Flow[], of: (flow: Flow) => number) => flows.reduce((all, flow) => all + of(flow), 0);

describe("concurrent update", () => {
  const frames = [udpFrame(1, 2), udpFrame(2, 1, back), udpFrame(3, 4), udpFrame(5, 6)];

  test("no increment is lost between four threads", async () => {
    using reader = openLoaded();
    const injected = await injectInThreads(reader, 4, frames, 200);
    const flows = await scan(reader);
    expect(flows).toHaveLength(3);
    expect(sum(flows, ({ packets }) => total(packets))).toBe(injected);
    expect(sum(flows, ({ bytes }) => total(bytes))).toBe(28 * injected);
    expect(reader.counters().contended.packets).toBe(0);
  });

  test("none is lost while flows are ended under the packets", async () => {
    using reader = openLoaded({ flows: 64 });
    let ended = 0;
    let packets = 0;
    let running = true;
    const traffic = injectInThreads(reader, 4, frames, 3000).finally(() => {
      running = false;
    });
    while (running) {
      const final = await endAll(reader);
      ended += final.length;
      packets += sum(final, (flow) => total(flow.packets));
    }
    const left = await endAll(reader);
    packets += sum(left, (flow) => total(flow.packets));
    console.log(`${ended} flows ended under traffic`);
    expect(ended).toBeGreaterThan(20);
    expect(packets).toBe(await traffic);
    expect(await scan(reader)).toHaveLength(0);
  });

  test("creation races leave one flow and no slot behind", async () => {
    using reader = openLoaded({ flows: 4096 });
    const many = distinct(1500);
    const injected = await injectInThreads(reader, 4, many, 1);
    const flows = await scan(reader);
    expect(flows).toHaveLength(many.length);
    expect(sum(flows, ({ packets }) => packets[0] + packets[1])).toBe(injected);
  });
});

describe("a full map", () => {
  test("counts every packet it cannot hold, and takes new flows when old ones ended", async () => {
    using reader = openLoaded({ flows: 1024 });
    inject(reader, distinct(5000));
    expect(await scan(reader)).toHaveLength(1024);
    expect(reader.counters().map_full).toEqual({ packets: 5000 - 1024, bytes: 28 * (5000 - 1024) });
    const final = await endAll(reader);
    expect(sum(final, ({ packets }) => total(packets))).toBe(1024);
    inject(reader, distinct(5000));
    expect(await scan(reader)).toHaveLength(1024);
    expect(reader.counters().map_full.packets).toBe(2 * (5000 - 1024));
  });
});

describe("a full ring", () => {
  test.each([{ without: [] }, { without: ["batch"] as const }])(
    "loses events, counted, and no flow ($without)",
    async ({ without }) => {
      let events = 0;
      using reader = openLoaded(
        { ringBytes: 4096, drainMs: 60_000, without },
        { onEvents: ({ length }) => (events += length) },
      );
      const frames = distinct(20_000);
      inject(reader, frames);
      const flows = await scan(reader);
      expect(flows).toHaveLength(frames.length);
      expect(new Set(flows.map(({ key }) => key)).size).toBe(frames.length);
      expect(flows.every(({ low, high }) => low === "10.0.0.1" && high === "10.0.0.2")).toBe(true);
      expect(reader.counters().ring_full.packets).toBeGreaterThan(0);
      expect(events + reader.counters().ring_full.packets).toBe(frames.length);
    },
  );
});

test("while JavaScript is busy with a scan's flows, new ones lose no event", async () => {
  let events = 0;
  // The ring holds a third of the new flows: they must be taken out of it meanwhile.
  using reader = openLoaded({ flows: 65_536, ringBytes: 1 << 19 }, { onEvents: ({ length }) => (events += length) });
  inject(reader, distinct(5000));
  await reader.drain();
  for (let part = 1; part < 6; part++) {
    inject(reader, distinct(5000 * (part + 1)).slice(5000 * part));
    await reader.drain();
  }
  let batches = 0;
  await reader.scan(() => {
    batches += 1;
    // Every later batch waits for this one; so did the ring, when one thread read both.
    if (batches === 1) inject(reader, distinct(48_000).slice(30_000), { program: "flow_egress" });
  });
  await reader.drain();
  expect(batches).toBeGreaterThan(2);
  expect(reader.counters().ring_full.packets).toBe(0);
  expect(events).toBe(48_000);
});

test("a million flows are held, read and ended", async () => {
  using reader = openLoaded({ flows: 1 << 20, ringBytes: 1 << 27 });
  for (let part = 0; part < 20; part++) {
    const source = `10.1.${part}.1`;
    inject(
      reader,
      Array.from({ length: 50_000 }, (_, i) => udpFrame(i, 9000, { ...ends, source })),
    );
  }
  const slots: number[] = [];
  let packets = 0;
  await reader.scan((view) => {
    for (let i = 0; i < view.length; i++) {
      slots.push(view.slot(i));
      packets += view.packets(i, 0) + view.packets(i, 1);
    }
  });
  expect(slots).toHaveLength(1_000_000);
  expect(packets).toBe(1_000_000);
  let final = 0;
  await reader.end(Uint32Array.from(slots), ({ length }) => (final += length));
  expect(final).toBe(1_000_000);
  expect(await scan(reader)).toHaveLength(0);
});

test("only changed flows are read when asked for", async () => {
  using reader = openLoaded();
  const tick = () => new Promise((resolve) => setTimeout(resolve, 50));
  inject(reader, [udpFrame(1, 2)]);
  await tick();
  const before = await reader.scan(() => {});
  await tick();
  inject(reader, [udpFrame(3, 4)]);
  const changed: Flow[] = [];
  const clock = await reader.scan((view) => {
    for (let i = 0; i < view.length; i++) changed.push({ lowPort: view.lowPort(i) } as Flow);
  }, before);
  expect(changed.map(({ lowPort }) => lowPort)).toEqual([3]);
  expect(clock.monotonicNs).toBeGreaterThan(before.monotonicNs);
});

test("an ended slot is not ended twice, and a new packet begins a new flow", async () => {
  using reader = openLoaded();
  inject(reader, [udpFrame(1, 2), udpFrame(1, 2)]);
  const [flow] = await scan(reader);
  const lengths: number[] = [];
  await reader.end(Uint32Array.of(flow!.slot, flow!.slot, 99_999), ({ length }) => lengths.push(length));
  await reader.end(Uint32Array.of(flow!.slot), ({ length }) => lengths.push(length));
  expect(lengths).toEqual([1]);
  inject(reader, [udpFrame(1, 2)]);
  expect((await scan(reader)).map(({ packets }) => packets)).toEqual([[1, 0]]);
});
