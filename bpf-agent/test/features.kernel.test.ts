import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { FlowFilter } from "../src/filter.ts";
import { type Flow, inject, openLoaded, scan, total } from "./harness.ts";
import * as p from "./packets.ts";

const client = { source: "10.0.0.1", destination: "10.2.0.2" };
const server = { source: "10.2.0.2", destination: "10.0.0.1" };
const { syn, ack, psh, fin } = p.flag;

const segment = (ends: typeof client, fields: Partial<p.TcpFields>, length = 0) => {
  const [from, to] = ends === client ? [40_000, 443] : [443, 40_000];
  return p.ethernet(p.ipv4({ ...ends, protocol: 6 }, p.tcp({ from, to, ...fields }, p.zeros(length))));
};

/** Injects frames with pauses between them: [frame, milliseconds before it]. */
async function play(frames: readonly (readonly [Uint8Array, number])[], options = {}): Promise<Flow[]> {
  using reader = openLoaded(options);
  for (const [frame, pause] of frames) {
    await sleep(pause);
    inject(reader, [frame]);
  }
  return await scan(reader);
}

describe("TCP", () => {
  test("handshake halves, round trip and service time are told apart", async () => {
    const [flow] = await play([
      [segment(client, { flags: syn, seq: 100 }), 0],
      [segment(server, { flags: syn | ack, seq: 500, ack: 101 }), 20],
      [segment(client, { flags: ack, seq: 101, ack: 501 }), 40],
      [segment(client, { flags: ack | psh, seq: 101, ack: 501 }, 50), 10],
      [segment(server, { flags: ack, seq: 501, ack: 151 }), 30],
      [segment(server, { flags: ack | psh, seq: 501, ack: 151 }, 80), 60],
    ]);
    expect(flow).toMatchObject({ packets: [3, 3], retransmits: [0, 0], state: "established", initiator: 0 });
    // Lower bounds only: what was slept; a loaded machine may add to it.
    expect(flow!.synToSynackUs).toBeGreaterThanOrEqual(19_000);
    expect(flow!.synackToAckUs).toBeGreaterThanOrEqual(39_000);
    expect(flow!.rttUs).toBeGreaterThanOrEqual(29_000);
    expect(flow!.serviceUs).toBeGreaterThanOrEqual(89_000);
  });

  test("retransmissions are counted by direction, and time nothing", async () => {
    const data = segment(client, { flags: ack, seq: 1000, ack: 1 }, 100);
    const [flow] = await play([
      [segment(client, { flags: syn, seq: 999 }), 0],
      [data, 0],
      [data, 0],
      [data, 10],
      [segment(server, { flags: ack, seq: 1, ack: 1100 }), 10],
      [segment(server, { flags: ack | fin, seq: 1, ack: 1100 }), 0],
      [segment(server, { flags: ack | fin, seq: 1, ack: 1100 }), 0],
    ]);
    expect(flow).toMatchObject({ retransmits: [2, 1], rttUs: 0, state: "fin_wait" });
  });

  test("the SYN's repetition is a retransmission, not a second flow", async () => {
    const first = segment(client, { flags: syn, seq: 7 });
    expect(
      await play([
        [first, 0],
        [first, 5],
      ]),
    ).toMatchObject([{ packets: [2, 0], retransmits: [1, 0], state: "syn_sent" }]);
  });

  test("sequence numbers may wrap", async () => {
    const flows = await play([
      [segment(client, { flags: ack, seq: 0xffff_ff00 }, 200), 0],
      [segment(client, { flags: ack, seq: 0xffff_ffc8 }, 200), 0],
      [segment(client, { flags: ack, seq: 0x90 }, 10), 0],
    ]);
    expect(flows).toMatchObject([{ packets: [3, 0], retransmits: [0, 0] }]);
  });
});

describe("transactions", () => {
  const dns = (ends: typeof client, id: number, response: boolean) => {
    const [from, to] = response ? [53, 40_000] : [40_000, 53];
    return p.ethernet(
      p.ipv4({ ...ends, protocol: 17 }, p.udp(from, to, p.concat(p.u16(id, response ? 0x8180 : 0x100), p.zeros(8)))),
    );
  };

  test("a DNS response is matched to its query by id", async () => {
    const [flow] = await play([
      [dns(client, 5, false), 0],
      [dns(server, 9, true), 10],
      [dns(server, 5, true), 20],
    ]);
    expect(flow).toMatchObject({ packets: [1, 2], rttUs: 0 });
    expect(flow!.serviceUs).toBeGreaterThanOrEqual(29_000);
  });

  test("an ICMP echo's reply gives the round trip", async () => {
    const echo = (ends: typeof client, type: number) =>
      p.ethernet(p.ipv4({ ...ends, protocol: 1 }, p.icmp(type, 0, 3, 4)));
    const [flow] = await play([
      [echo(client, 8), 0],
      [echo(server, 0), 15],
    ]);
    expect(flow).toMatchObject({ packets: [1, 1], serviceUs: 0 });
    expect(flow!.rttUs).toBeGreaterThanOrEqual(14_000);
  });
});

describe("one observer a direction", () => {
  const frame = segment(client, { flags: ack });

  test("the other hook counts duplicates, and takes over after silence", async () => {
    using reader = openLoaded({ takeoverMs: 100 });
    inject(reader, [frame, frame]);
    inject(reader, [frame, frame, frame], { program: "flow_egress" });
    expect(await scan(reader)).toMatchObject([{ packets: [2, 0] }]);
    expect(reader.counters().duplicate.packets).toBe(3);
    await sleep(200);
    inject(reader, [frame, frame], { program: "flow_egress" });
    inject(reader, [frame]);
    expect(await scan(reader)).toMatchObject([{ packets: [4, 0] }]);
    expect(reader.counters().duplicate.packets).toBe(4);
  });

  test("without it every sighting counts", async () => {
    using reader = openLoaded({ features: { dedup: false } });
    inject(reader, [frame]);
    inject(reader, [frame], { program: "flow_egress" });
    expect(await scan(reader)).toMatchObject([{ packets: [2, 0] }]);
  });
});

test("without events a scan still finds every flow", async () => {
  let events = 0;
  using reader = openLoaded({ features: { events: false } }, { onEvents: ({ length }) => (events += length) });
  inject(reader, [segment(client, {}), segment(server, {})]);
  expect(await scan(reader)).toMatchObject([{ low: "10.0.0.1", packets: [1, 1] }]);
  expect([events, reader.counters().ring_full.packets]).toEqual([0, 0]);
});

describe("filter", () => {
  const ends = (source: string, destination: string) => ({ source, destination });
  const frames = {
    web: p.ethernet(p.ipv4({ ...ends("10.0.0.1", "10.1.0.1"), protocol: 6 }, p.tcp({ from: 4000, to: 443 }))),
    ssh: p.ethernet(p.ipv4({ ...ends("192.168.0.1", "10.1.0.2"), protocol: 6 }, p.tcp({ from: 4000, to: 22 }))),
    dns: p.ethernet(p.ipv4({ ...ends("192.168.0.1", "192.168.0.2"), protocol: 17 }, p.udp(4000, 53))),
    v6: p.ethernet(p.ipv6({ ...ends("fd00::1", "2001:db8::1"), next: 17 }, p.udp(4000, 443))),
  } as const;
  type Name = keyof typeof frames;
  const cases: readonly [string, FlowFilter, readonly Name[]][] = [
    ["nothing given", {}, ["web", "ssh", "dns", "v6"]],
    ["CIDR allowed on either end", { cidrs: { allow: ["10.1.0.0/16"] } }, ["web", "ssh"]],
    ["CIDR denied, the rest passes", { cidrs: { deny: ["10.1.0.0/24"] } }, ["dns", "v6"]],
    ["longest prefix decides", { cidrs: { allow: ["10.0.0.0/8"], deny: ["10.1.0.2/32"] } }, ["web"]],
    ["IPv6 CIDR", { cidrs: { allow: ["2001:db8::/32"] } }, ["v6"]],
    ["::/0 is every address, also IPv4's", { cidrs: { allow: ["::/0"] } }, ["web", "ssh", "dns", "v6"]],
    ["port of any protocol", { ports: { allow: ["443"] } }, ["web", "v6"]],
    ["port of one protocol", { ports: { deny: ["tcp/443"] } }, ["ssh", "dns", "v6"]],
    ["protocol", { protocols: { allow: ["udp"] } }, ["dns", "v6"]],
    ["all dimensions must pass", { protocols: { allow: ["tcp"] }, ports: { deny: ["22"] } }, ["web"]],
    ["interface", { interfaces: { deny: [1] } }, []],
    ["another interface", { interfaces: { deny: [2] } }, ["web", "ssh", "dns", "v6"]],
  ];
  test.each(cases)("%s", async (_, filter, passing) => {
    using reader = openLoaded({ filter });
    inject(reader, Object.values(frames));
    const flows = await scan(reader);
    const portsOf = (name: Name) => ({ web: "443/6", ssh: "22/6", dns: "53/17", v6: "443/17" })[name];
    const seen = flows.map(({ lowPort, highPort, protocol }) => `${lowPort === 4000 ? highPort : lowPort}/${protocol}`);
    expect(seen.sort()).toEqual(passing.map(portsOf).sort());
    expect(flows.every(({ packets }) => total(packets) === 1)).toBe(true);
    expect(reader.counters().filtered.packets).toBe(4 - passing.length);
  });
});
