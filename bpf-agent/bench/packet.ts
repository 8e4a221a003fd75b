/** What a packet costs, by BPF_PROG_TEST_RUN: known flows, new flows, and what each feature adds. */
import { buildBpf, whenStale } from "../build.ts";
import type { FlowFeatures, ReaderOptions } from "../src/options.ts";
import { inject, openLoaded, pack } from "../test/harness.ts";
import * as p from "../test/packets.ts";
import { testPrograms } from "../test/programs.ts";
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

/** The do-nothing program's nanoseconds a packet, and the means to measure them again. */
function noop(): { object: object; ns: () => number } {
  whenStale("dist/noop.bpf.o", ["bench"], () => buildBpf("bench/noop.bpf.c", "dist/noop.bpf.o"));
  const [object, { noop: program }] = testPrograms().programLoad(
    new URL("../dist/noop.bpf.o", import.meta.url).pathname,
  );
  const { packed, stride } = pack([inner]);
  return { object, ns: () => testPrograms().programRun(program!, packed, stride, repeat, {}) };
}

/** Median nanoseconds of a packet of a known flow, ours and the do-nothing program's, measured in turn. */
function hot(frame: Uint8Array, peer: () => number): { ours: number; peer: number } {
  using reader = openLoaded();
  inject(reader, [frame]);
  const pairs = Array.from({ length: rounds }, () => [inject(reader, [frame], { repeat }), peer()] as const);
  return { ours: median(pairs.map(([ours]) => ours)), peer: median(pairs.map(([, theirs]) => theirs)) };
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
  const { ns } = noop();
  const against = { suite: "packet", unit: "ns", peerName: "do-nothing program" };
  for (const [name, frame] of Object.entries(frames)) {
    const { ours, peer } = hot(frame, ns);
    const path = /^(TCP|UDP) over/.test(name) ? "target 2.7" : "general walk";
    report({
      ...against,
      case: `hot, ${name}`,
      ours,
      peer,
      note: `${(ours / peer).toFixed(2)} times nothing, ${path}`,
    });
  }
  for (const kind of ["tcp", "udp"] as const) {
    const [peer, ours] = [median(Array.from({ length: 5 }, ns)), median(Array.from({ length: 5 }, () => fresh(kind)))];
    const note = `${(ours / peer).toFixed(2)} times nothing's hot run, target 24`;
    report({ ...against, case: `new flow, ${kind}`, ours, peer, note });
  }
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
