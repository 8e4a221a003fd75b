/** Times of flows, and what each scan says of the clocks and the ring. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sizes } from "../src/layout.ts";
import type { FlowReader } from "../src/reader.ts";
import { inject, openLoaded } from "./harness.ts";
import * as p from "./packets.ts";

const client = { source: "10.0.0.1", destination: "10.2.0.2" };
const server = { source: "10.2.0.2", destination: "10.0.0.1" };
const { syn, ack, fin, rst } = p.flag;

const tcp = (flags: number) =>
  p.ethernet(p.ipv4({ ...client, protocol: 6 }, p.tcp({ from: 40_000, to: 443, seq: 100, flags })));
const dns = (ends: typeof client, flags: number) => {
  const [from, to] = ends === client ? [40_000, 53] : [53, 40_000];
  return p.ethernet(p.ipv4({ ...ends, protocol: 17 }, p.udp(from, to, p.concat(p.u16(7, flags), p.zeros(8)))));
};

/** When the only flow's last packet came. */
async function lastNs(reader: FlowReader): Promise<number> {
  const clock = await reader.scan(() => {});
  let last = 0;
  await reader.scan((view) => {
    last = view.lastNs(0, clock);
  });
  return last;
}

test("a flow's end does not come before its beginning", async () => {
  using reader = openLoaded();
  inject(reader, [tcp(syn)]);
  let early = -1;
  const clock = await reader.scan(() => {});
  await reader.scan((view) => {
    early = view.lastNs(0, clock) - view.firstNs(0);
  });
  expect(early).toBeGreaterThanOrEqual(0);
});

test.each([
  ["a FIN", tcp(syn), tcp(fin | ack)],
  ["a RST", tcp(syn), tcp(rst)],
  ["a DNS response", dns(client, 0x100), dns(server, 0x8180)],
])("the time of %s is precise", async (_, first, last) => {
  using reader = openLoaded();
  inject(reader, [first]);
  await sleep(30);
  const before = Number(process.hrtime.bigint());
  inject(reader, [last]);
  const after = Number(process.hrtime.bigint());
  const ended = await lastNs(reader);
  expect(ended).toBeGreaterThanOrEqual(before - 2000);
  expect(ended).toBeLessThanOrEqual(after + 2000);
});

test("a scan's clock gives the time of day", async () => {
  using reader = openLoaded();
  const before = Date.now();
  const { monotonicNs, realtimeOffsetNs } = await reader.scan(() => {});
  const after = Date.now();
  expect((monotonicNs + realtimeOffsetNs) / 1e6).toBeGreaterThanOrEqual(before - 1);
  expect((monotonicNs + realtimeOffsetNs) / 1e6).toBeLessThanOrEqual(after + 1);
});

test("a scan says how much waits in the ring", async () => {
  using reader = openLoaded({ drainMs: 60_000 });
  const flows = 100;
  const frame = (i: number) => p.ethernet(p.ipv4({ ...client, protocol: 17 }, p.udp(1000 + i, 9000)));
  inject(
    reader,
    Array.from({ length: flows }, (_, i) => frame(i)),
  );
  // Each record of a ring has a header of eight bytes (BPF_RINGBUF_HDR_SZ).
  expect((await reader.scan(() => {})).ringBytes).toBe(flows * (sizes.event + 8));
  await reader.drain();
  expect((await reader.scan(() => {})).ringBytes).toBe(0);
});
