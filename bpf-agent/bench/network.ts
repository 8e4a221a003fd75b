/** A veth pair with and without the agent, and how fast interfaces are attached. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ReaderOptions } from "../src/options.ts";
import { FlowReader, type InterfaceChange } from "../src/reader.ts";
import { builtAddon } from "../test/harness.ts";
import { connect, Namespace } from "../test/netns.ts";
import { median, report, reportRate } from "./report.ts";

/** Many short pairs: what else the machine does then falls on both halves of a pair alike, or on few pairs. */
const pairs = 31;
const seconds = 0.4;

/** Gigabits a second over a veth pair, paired runs with and without a reader on one end. */
async function throughput(name: string, limit: string): Promise<void> {
  await using left = new Namespace("left");
  await using right = new Namespace("right");
  connect(left, "eth0", right, "eth0");
  left.ip("addr add 10.8.0.1/24 dev eth0", `link set eth0 ${limit}`);
  right.ip("addr add 10.8.0.2/24 dev eth0", `link set eth0 ${limit}`);
  const [client, server] = [await left.peer(), await right.peer()];
  const run = async (port: number) => {
    await server.call("tcpSink", { address: "10.8.0.2", port });
    return ((await client.call("tcpFlood", { address: "10.8.0.2", port, seconds })) * 8) / seconds / 1e9;
  };
  const watched = async (port: number) => {
    let ready = () => {};
    const attached = new Promise<void>((resolve) => {
      ready = resolve;
    });
    using _ = new FlowReader({ netns: left.path }, { onInterface: ({ tcx }) => tcx && ready() }, builtAddon());
    await attached;
    return run(port);
  };
  await run(5000);
  const rates: { with: number; without: number }[] = [];
  for (let i = 0; i < pairs; i++) {
    const [first, second] = [5001 + 2 * i, 5002 + 2 * i];
    // Alternately first, so that a machine that warms up or slows down favours neither.
    const one = i % 2 ? { with: await watched(first), without: await run(second) } : undefined;
    rates.push(one ?? { without: await run(first), with: await watched(second) });
  }
  const best = median(rates.map((rate) => rate.with / rate.without));
  const without = median(rates.map((rate) => rate.without));
  reportRate({
    suite: "veth throughput",
    case: name,
    unit: "Gbit/s",
    ours: without * best,
    peer: without,
    peerName: "without the agent",
    note: "median of paired runs, target 95 %",
  });
}

/** Milliseconds from the kernel's message to both hooks attached, one interface at a time; then many at once. */
async function attaching(kind: string, without: readonly ("tcx" | "handover")[]): Promise<void> {
  await using node = new Namespace("node");
  const took: number[] = [];
  const known = new Set<number>();
  using _ = new FlowReader(
    { netns: node.path, without },
    {
      onInterface({ ifindex, attached, tookNs }) {
        if (attached && !known.has(ifindex)) took.push(tookNs / 1e6);
        known.add(ifindex);
      },
    },
    builtAddon(),
  );
  for (let i = 0; i < 100; i++) {
    node.ip(`link add a${i} type veth peer name b${i}`);
    await sleep(30);
  }
  const until = async (count: number) => {
    while (took.length < count) await sleep(5);
  };
  await until(200);
  const sorted = took.toSorted((a, b) => a - b);
  const suite = "attach";
  report({
    suite,
    case: `p99, ${kind}`,
    unit: "ms",
    ours: sorted[Math.floor(sorted.length * 0.99)]!,
    peer: null,
    peerName: null,
    note: "target 10",
  });
  const begin = performance.now();
  node.ip(...Array.from({ length: 500 }, (_, i) => `link add c${i} type veth peer name d${i}`));
  await until(1200);
  report({
    suite,
    case: `1,000 interfaces made and attached, ${kind}`,
    unit: "s",
    ours: (performance.now() - begin) / 1000,
    peer: null,
    peerName: null,
    note: "target 5",
  });
}

export async function networkSuite(): Promise<void> {
  await throughput("TCP", "gso_max_segs 65535");
  await throughput("TCP, one segment a packet", "gso_max_segs 1");
}

/** A reader, and when it counts packets on `count` interfaces and when it has TCX links on all of them. */
function attach(node: Namespace, count: number, without: ReaderOptions["without"] = []) {
  const [counting, linked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [attached, withLinks] = [new Set<number>(), new Set<number>()];
  const onInterface = ({ ifindex, tcx }: InterfaceChange) => {
    if (attached.add(ifindex).size === count) counting.resolve();
    if (tcx && withLinks.add(ifindex).size === count) linked.resolve();
  };
  const reader = new FlowReader({ netns: node.path, without }, { onInterface }, builtAddon());
  return { reader, counting: counting.promise, linked: linked.promise };
}

/** Interfaces whose hooks another TCX program has: when packets are counted if it passes them on, and in any case. */
async function besideForeign(count: number): Promise<void> {
  await using node = new Namespace("node");
  node.ip(...Array.from({ length: count / 2 }, (_, i) => `link add a${i} type veth peer name b${i}`));
  const foreign = attach(node, count, ["handover"]);
  await using _ = foreign.reader;
  await foreign.linked;
  const begin = performance.now();
  const ours = attach(node, count);
  await using __ = ours.reader;
  for (const [what, done, note] of [
    ["counting", ours.counting, "target 5 for 1,000"],
    ["linked", ours.linked, "each TCX link waits for the kernel"],
  ] as const) {
    await done;
    report({
      suite: "attach",
      case: `${count} interfaces, beside a foreign TCX program, ${what}`,
      unit: "s",
      ours: (performance.now() - begin) / 1000,
      peer: null,
      peerName: null,
      note,
    });
  }
}

export async function attachSuite(): Promise<void> {
  for (const count of [110, 1000]) await besideForeign(count);
  await attaching("clsact, then TCX", []);
  await attaching("clsact", ["tcx"]);
  await attaching("TCX at once", ["handover"]);
}
