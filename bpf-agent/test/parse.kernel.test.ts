import { afterAll, describe, expect, test } from "vitest";
import { addressBytes } from "../src/filter.ts";
import { type Cause, causes, marks } from "../src/layout.ts";
import type { FlowFeatures } from "../src/options.ts";
import { corpus } from "./corpus.ts";
import { ExpectedParser, type ParserOptions } from "./expected.ts";
import { fuzz } from "./fuzz.ts";
import { type Flow, hasTunnel, inject, openLoaded, scan } from "./harness.ts";
import { runnable } from "./packets.ts";

interface Outcome {
  readonly flows: Map<string, object>;
  readonly counters: Partial<Record<Cause, number>>;
}

const sideText = ({ dscp, ecn, ttl, icmpType, icmpCode, flowLabel, vlan }: Flow["side"][0]) =>
  [(dscp << 2) | ecn, ttl, icmpType, icmpCode, flowLabel, vlan].join(" ");

/** What the independent parser says the frames come to. */
function expected(frames: readonly Uint8Array[], options: ParserOptions): Outcome {
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
    const flow = flows.get(id) ?? empty();
    flows.set(id, flow);
    const d = packet.direction;
    if (flow.packets[d] === 0) flow.sides[d] = packet.side;
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
async function observed(frames: readonly Uint8Array[], features: FlowFeatures): Promise<Outcome> {
  using reader = openLoaded({ features, ringBytes: 1 << 24 });
  inject(reader, frames);
  const list = await scan(reader);
  const tunnels = reader.tunnels(Uint32Array.from(list, ({ slot }) => slot));
  const hexOf = (address: string) => Buffer.from(addressBytes(address)).toString("hex");
  const flows = new Map(
    list.map((flow, i) => [
      flow.key,
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

/** Compares frame by frame where the whole differs, so that a failure names its frame. */
async function compare(frames: readonly Uint8Array[], features: FlowFeatures, options: ParserOptions): Promise<void> {
  const [ours, theirs] = [await observed(frames, features), expected(frames, options)];
  try {
    expect(ours.counters).toEqual(theirs.counters);
    expect(ours.flows).toEqual(theirs.flows);
  } catch (error) {
    for (const frame of frames) {
      const [one, other] = [await observed([frame], features), expected([frame], options)];
      expect({ ...one, frame: Buffer.from(frame).toString("hex") }).toEqual({
        ...other,
        frame: Buffer.from(frame).toString("hex"),
      });
    }
    throw error;
  }
}

describe.each([
  { name: "fast path", features: {}, options: {} },
  { name: "general walk", features: { fastPath: false }, options: {} },
  { name: "keyed by VNI", features: { keyByVni: true }, options: { keyByVni: true } },
  { name: "tunnels off", features: { tunnels: false }, options: { tunnels: false } },
])("$name", ({ name, features, options }) => {
  const seed = name.length * 7919;
  let runs = 0;
  afterAll(() => {
    console.log(`${name}: ${runs} frames, seed ${seed}`);
  });

  test("every packet of the corpus", async () => {
    const frames = corpus.map(({ frame }) => frame);
    runs += frames.length;
    await compare(frames, features, options);
  });

  test("every truncation of the corpus", async () => {
    const frames = corpus.flatMap(({ frame }) =>
      Array.from({ length: Math.min(frame.length, 160) - 15 }, (_, i) => runnable(frame.subarray(0, 15 + i))),
    );
    runs += frames.length;
    await compare(frames, features, options);
  });

  test.each(["mutated", "random", "chains"] as const)("fuzz: %s", async (kind) => {
    const frames = fuzz(kind, seed, 15_000);
    runs += frames.length;
    await compare(frames, features, options);
  });
});

test.each(corpus)("$name", async ({ frame, is }) => {
  const { flows, counters } = await observed([frame], {});
  const [flow] = flows.values();
  expect(counters).toEqual(is.cause || is.note ? { [(is.cause ?? is.note)!]: 1 } : {});
  expect(flows.size).toBe(is.cause ? 0 : 1);
  if (is.bytes) expect(flow).toMatchObject({ tunnel: expect.stringContaining(is.tunnel ?? "none") });
  if (is.bytes) expect(flow).toSatisfy(({ bytes }: { bytes: number[] }) => bytes.includes(is.bytes!));
});
