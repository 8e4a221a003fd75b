/** What a packet costs, by BPF_PROG_TEST_RUN: known flows, new flows, and what each feature adds. */
import type { FlowFeatures, ReaderOptions } from "../src/options.ts";
import { inject, openLoaded } from "../test/harness.ts";
import * as p from "../test/packets.ts";
import { type PeerName, peer } from "../test/peers.ts";
import { median, report } from "./report.ts";

const a4 = { source: "10.0.0.1", destination: "10.0.0.2" };
const a6 = { source: "fd00::1", destination: "fd00::2" };
const data = p.zeros(64);
const tcp = p.tcp({ from: 40_000, to: 443, seq: 1000, flags: p.flag.ack }, data);
const inner = p.ethernet(p.ipv4({ ...a4, protocol: 6 }, tcp));

const frames = {
  "TCP over IPv4": inner,
  "UDP over IPv4": p.ethernet(p.ipv4({ ...a4, protocol: 17 }, p.udp(40_000, 9000, data))),
  "TCP over IPv6": p.ethernet(p.ipv6({ ...a6, next: 6 }, tcp)),
  "TCP in VXLAN": p.ethernet(p.ipv4({ ...a4, protocol: 17 }, p.udp(50_000, 4789, p.vxlan(7, inner)))),
  "ICMP echo": p.ethernet(p.ipv4({ ...a4, protocol: 1 }, p.icmp(8, 0))),
} as const;

const rounds = 9;
const repeat = 1_000_000;

/** Nanoseconds of a packet: ours, and the peers'. */
type Costs = Readonly<Record<"ours" | PeerName, number>>;

/** The medians of rounds in which everything is measured in turn. */
function medians(rounds: readonly Costs[]): Costs {
  const of = (name: keyof Costs) => median(rounds.map((round) => round[name]));
  return { ours: of("ours"), noop: of("noop"), counter: of("counter") };
}

/** The same packet again and again. */
function hot(frame: Uint8Array, options: ReaderOptions = {}, before: readonly Uint8Array[] = []): Costs {
  using reader = openLoaded(options);
  inject(reader, before);
  const [noop, counter] = [peer("noop"), peer("counter")];
  inject(reader, [frame]);
  return medians(
    Array.from({ length: rounds }, () => ({
      ours: inject(reader, [frame], { repeat }),
      noop: noop([frame], repeat),
      counter: counter([frame], repeat),
    })),
  );
}

/** The first packet of a flow; a do-nothing program knows no flows, so it is its hot run. */
function first(kind: keyof typeof newFlows): Costs {
  const noop = peer("noop");
  return medians(
    Array.from({ length: 5 }, () => {
      const counter = peer("counter");
      return {
        ours: fresh(kind),
        noop: noop([inner], repeat),
        counter: median(newFlows[kind].map((frames) => counter(frames))),
      };
    }),
  );
}

function reportCosts(name: string, { ours, noop, counter }: Costs, target: string): void {
  const figure = { suite: "packet", unit: "ns", ours };
  const times = (ns: number) => `${(ours / ns).toFixed(2)} times it`;
  report({
    ...figure,
    case: name,
    peer: counter,
    peerName: "least flow counter",
    note: `${times(counter)}; ${target}`,
  });
  const against = `${name}, against nothing`;
  report({ ...figure, case: against, peer: noop, peerName: "do-nothing program", note: times(noop) });
}

/** A hundred batches of a thousand frames, each frame of another flow. */
const freshFrames = (transport: number, payload: Uint8Array) =>
  Array.from({ length: 100 }, (_, batch) =>
    Array.from({ length: 1000 }, (_, i) => {
      const source = `10.${1 + batch}.${i >> 8}.${i & 255}`;
      return p.ethernet(p.ipv4({ source, destination: "10.0.0.2", protocol: transport }, payload));
    }),
  );

const newFlows = {
  tcp: freshFrames(6, p.tcp({ from: 40_000, to: 443, flags: p.flag.syn })),
  udp: freshFrames(17, p.udp(40_000, 9000, data)),
} as const;

/** Nanoseconds of single runs, each of a flow never seen before: the median of the batches' means. */
function fresh(kind: keyof typeof newFlows, options: ReaderOptions = {}): number {
  using reader = openLoaded(options);
  return median(newFlows[kind].map((frames) => inject(reader, frames)));
}

const features: readonly (keyof FlowFeatures)[] = [
  "tcp",
  "latency",
  "dedup",
  "tunnels",
  "fragments",
  "events",
  "fastPath",
];

/** What is on by default, by the options without it. */
const shares: readonly (readonly [string, ReaderOptions])[] = [
  ...features.map((feature) => [feature, { features: { [feature]: false } }] as const),
  ["conntrack", { without: ["conntrack"] }],
];

export function packetSuite(): void {
  for (const [name, frame] of Object.entries(frames))
    reportCosts(`hot, ${name}`, hot(frame), /^(TCP|UDP) over/.test(name) ? "target 70 ns" : "general walk");
  const denied = { filter: { cidrs: { allow: ["192.168.0.0/16"] } } };
  reportCosts("hot, refused by the filter", hot(inner, denied), "in no flow");
  const full = newFlows.udp.slice(0, 2).flat();
  reportCosts("hot, no room in the map", hot(inner, { flows: 1024 }, full), "in no flow");
  for (const kind of ["tcp", "udp"] as const) reportCosts(`new flow, ${kind}`, first(kind), "target 500 ns");
  const share = { suite: "feature share", unit: "ns", peer: null, peerName: null };
  for (const [name, off] of shares) {
    report({ ...share, case: `${name}, hot`, ours: difference((o) => hotOnce(frames["TCP over IPv4"], o), off) });
    report({ ...share, case: `${name}, new flow`, ours: difference((o) => fresh("tcp", o), off) });
  }
}

/** Median of what is saved without a feature, with and without measured in turn. */
function difference(measure: (options: ReaderOptions) => number, off: ReaderOptions): number {
  return median(Array.from({ length: 5 }, () => measure({}) - measure(off)));
}

function hotOnce(frame: Uint8Array, options: ReaderOptions): number {
  using reader = openLoaded(options);
  inject(reader, [frame]);
  return inject(reader, [frame], { repeat });
}
