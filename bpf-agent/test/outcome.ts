/** A sequence of frames, as the kernel program counts it and as the second parser says it must. */
import { addressBytes } from "../src/filter.ts";
import { type Cause, causes, marks } from "../src/layout.ts";
import type { FlowFeatures } from "../src/options.ts";
import { ExpectedParser, type ParserOptions } from "./expected.ts";
import { type Flow, hasTunnel, inject, openLoaded, scan } from "./harness.ts";

const [FIN, SYN, RST, ACK, TCP] = [1, 2, 4, 16, 6];

/** What frames come to: flows by key, and counters. */
export interface Outcome {
  readonly flows: Map<string, object>;
  readonly counters: Partial<Record<Cause, number>>;
}

/** A side as the second parser says it. */
const sideText = ({ dscp, ecn, ttl, icmpType, icmpCode, flowLabel, vlan }: Flow["side"][0]) =>
  [(dscp << 2) | ecn, ttl, icmpType, icmpCode, flowLabel, vlan].join(" ");

/** What the independent parser says the frames come to. */
export function expected(frames: readonly Uint8Array[], options: ParserOptions): Outcome {
  const parser = new ExpectedParser(options);
  const counters: Partial<Record<Cause, number>> = {};
  const flows = new Map<string, ReturnType<typeof empty>>();
  const count = (cause: Cause) => {
    counters[cause] = (counters[cause] ?? 0) + 1;
  };
  const empty = () => ({
    packets: [0, 0],
    bytes: [0, 0],
    flags: [0, 0],
    congestion: [false, false],
    fragment: [false, false],
    sides: ["", ""],
    tunnel: "none",
  });
  for (const frame of frames) {
    const packet = parser.parse(frame);
    if (typeof packet === "string") {
      count(packet);
      continue;
    }
    packet.notes.forEach(count);
    const id = Buffer.from(packet.key).toString("hex");
    // A SYN after the end of a connection begins another flow of the same key: the one before is numbered.
    const before = flows.get(id);
    const ended = before !== undefined && ((before.flags[0]! | before.flags[1]!) & (FIN | RST)) !== 0;
    const startsOver = ended && packet.key[36] === TCP && (packet.tcpFlags & (SYN | ACK)) === SYN;
    if (startsOver) flows.set(`${id} ${[...flows.keys()].filter((key) => key.startsWith(id)).length}`, before);
    const flow = startsOver ? empty() : (before ?? empty());
    flows.set(id, flow);
    const d = packet.direction;
    if (flow.packets[d] === 0) flow.sides[d] = packet.side;
    if (packet.dnsCode !== undefined)
      flow.sides[d] = flow.sides[d]!.replace(/^(\d+ \d+ \d+) \d+/, `$1 ${packet.dnsCode}`);
    if (flow.tunnel === "none") flow.tunnel = packet.tunnel;
    flow.packets[d]! += 1;
    flow.bytes[d]! += packet.bytes;
    flow.flags[d]! |= packet.tcpFlags;
    flow.congestion[d] ||= packet.congestion;
    flow.fragment[d] ||= packet.fragment;
  }
  return { flows, counters };
}

/** What the kernel program made of them. */
export async function observed(frames: readonly Uint8Array[], features: FlowFeatures): Promise<Outcome> {
  using reader = openLoaded({ features, ringBytes: 1 << 24 });
  inject(reader, frames);
  const list = await scan(reader);
  const tunnels = reader.tunnels(Uint32Array.from(list, ({ slot }) => slot));
  const hexOf = (address: string) => Buffer.from(addressBytes(address)).toString("hex");
  const last = new Map(list.map((flow, i) => [flow.key, i]));
  const seen = new Map<string, number>();
  const idOf = (flow: Flow, i: number): string => {
    const nth = (seen.get(flow.key) ?? 0) + 1;
    seen.set(flow.key, nth);
    return last.get(flow.key) === i ? flow.key : `${flow.key} ${nth}`;
  };
  const flows = new Map(
    list.map((flow, i) => [
      idOf(flow, i),
      {
        packets: [...flow.packets],
        bytes: [...flow.bytes],
        flags: [...flow.tcpFlags],
        congestion: ([0, 1] as const).map((d) => (flow.marks & marks.congestion(d)) !== 0),
        fragment: ([0, 1] as const).map((d) => (flow.marks & marks.fragment(d)) !== 0),
        sides: ([0, 1] as const).map((d) => (flow.packets[d] ? sideText(flow.side[d]) : "")),
        tunnel: hasTunnel(flow)
          ? `${tunnels.type(i)} ${tunnels.vni(i)} ${hexOf(tunnels.source(i))}>${hexOf(tunnels.destination(i))}`
          : "none",
      },
    ]),
  );
  const counted = reader.counters();
  const counters = Object.fromEntries(
    causes.filter((cause) => counted[cause].packets).map((cause) => [cause, counted[cause].packets]),
  );
  return { flows, counters };
}
