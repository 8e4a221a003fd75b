/** Runs inside each kernel of the matrix: the parts of the kernel tier that need nothing but Node. */

import { readFileSync } from "node:fs";
import { arch, release } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { corpus } from "../corpus.ts";
import { endAll, type Flow, inject, openLoaded, scan, total } from "../harness.ts";
import { acquaint, connect, Namespace } from "../netns.ts";
import { expected, observed } from "../outcome.ts";
import * as p from "../packets.ts";
import { peer } from "../peers.ts";
import { countedFlow, pings, scenarios } from "../scenarios.ts";
import { ETHERNET, settle, watch } from "../watch.ts";
import { resultMark } from "./machine.ts";
import type { KernelReport } from "./report.ts";

/** Those that differ most in what they ask of a kernel: programs start slowly here. The processor makes no difference to the stack. */
const chosen = arch() === "arm64" ? /^(the host itself|VXLAN)/ : /^(the host itself|bond|a bridge|a VLAN|ipvlan|VXLAN)/;

function verified(): Pick<KernelReport, "missing" | "verified"> {
  using reader = openLoaded({ processes: true, drops: true });
  const counts = Object.entries(reader.descriptors()).map(([name, fd]): [string, number] => {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    return [name, Number(/^verified_insns:\s+(\d+)/m.exec(text)?.[1] ?? 0)];
  });
  return { missing: { ...reader.missing() }, verified: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
}

async function disagreements(): Promise<string[]> {
  const wrong: string[] = [];
  for (const fastPath of [true, false]) {
    const frames = corpus.map(({ frame }) => frame);
    if (isDeepStrictEqual(await observed(frames, { fastPath }), expected(frames, {}))) continue;
    for (const { name, frame } of corpus)
      if (!isDeepStrictEqual(await observed([frame], { fastPath }), expected([frame], {}))) wrong.push(name);
  }
  return wrong;
}

async function miscounted(): Promise<Pick<KernelReport, "miscounted" | "scenarios">> {
  const wrong: string[] = [];
  const run = scenarios.filter(({ name }) => chosen.test(name));
  for (const { name, build } of run) {
    await using network = await build();
    const { reader } = await watch(network.host, network.watched, { exclude: [] });
    await using _ = reader;
    const want = await network.traffic(pings);
    const got = (await endAll(reader)).map(countedFlow);
    if (!isDeepStrictEqual(got, want)) wrong.push(`${name}: ${JSON.stringify(got)}`);
  }
  return { miscounted: wrong, scenarios: run.length };
}

/** A node and a pod, with these delays in milliseconds behind the hooks at `veth0`. */
function delayed(toPod: number, toNode: number) {
  const [node, pod] = [new Namespace("node"), new Namespace("pod")];
  connect(node, "veth0", pod, "eth0");
  node.ip("addr add 10.6.0.1/24 dev veth0");
  pod.ip("addr add 10.6.0.2/24 dev eth0");
  acquaint(node, "veth0", "10.6.0.1", pod, "eth0", "10.6.0.2");
  for (const [namespace, device, delay] of [
    [node, "veth0", toPod],
    [pod, "eth0", toNode],
  ] as const) {
    if (delay > 0) namespace.run("tc", "qdisc", "add", "dev", device, "root", "netem", "delay", `${delay}ms`);
  }
  return { node, pod };
}

const size = 50_000;

/** Two connections over a path of 80 ms: their round trips, and what the flows and the interface count. */
async function connections(): Promise<Pick<KernelReport, "socketRttMs" | "hookRttMs" | "ended" | "passed">> {
  const { node, pod } = delayed(50, 30);
  // An interface counts a GSO packet as one.
  node.ip("link set veth0 gso_max_segs 1");
  pod.ip("link set eth0 gso_max_segs 1");
  const [server, client] = [await node.peer(), await pod.peer()];
  await server.call("tcpServe", { address: "10.6.0.1", port: 9000, request: size, reply: size, farewell: "end" });
  const before = node.counters("veth0");
  const flows: Flow[] = [];
  for (const socketRtt of [true, false]) {
    const { reader } = await watch(node, 1, { include: ["veth0"], features: { socketRtt } });
    await using _ = reader;
    await client.call("tcpSend", { address: "10.6.0.1", port: 9000, size, idleMs: 300, halfClose: true });
    await settle();
    flows.push(...(await endAll(reader)));
  }
  const after = node.counters("veth0");
  const packets = after.rxPackets + after.txPackets - before.rxPackets - before.txPackets;
  const bytes = after.rxBytes + after.txBytes - before.rxBytes - before.txBytes - ETHERNET * packets;
  await node[Symbol.asyncDispose]();
  await pod[Symbol.asyncDispose]();
  const [socketRttMs, hookRttMs] = flows.map(({ rttUs }) => [rttUs[0] / 1000, rttUs[1] / 1000] as const);
  const sum = (of: (flow: Flow) => readonly [number, number]) => flows.reduce((all, flow) => all + total(of(flow)), 0);
  const ended = { packets: sum((flow) => flow.packets), bytes: sum((flow) => flow.bytes) };
  return { socketRttMs: socketRttMs!, hookRttMs: hookRttMs!, ended, passed: { packets, bytes } };
}

/** Beside a filter of another kind, where there are only filters. */
async function behindAnother(): Promise<Pick<KernelReport, "behind">> {
  const { node, pod } = delayed(0, 0);
  node.run("tc", "qdisc", "add", "dev", "veth0", "clsact");
  for (const hook of ["ingress", "egress"])
    node.run(
      "tc",
      "filter",
      "add",
      "dev",
      "veth0",
      hook,
      "prio",
      "1",
      "protocol",
      "all",
      "matchall",
      "action",
      "continue",
    );
  const { reader } = await watch(node, 1, { include: ["veth0"], without: ["tcx"] });
  await using _ = reader;
  await pings({ server: node, client: pod, address: "10.6.0.1", count: 5 });
  const [flow] = await scan(reader);
  const problem = reader.interfaces()[0]?.problem ?? "";
  return { behind: { problem, packets: flow?.packets ?? [0, 0] } };
}

function costs(): Pick<KernelReport, "known" | "first"> {
  const frame = (i: number) =>
    p.ethernet(
      p.ipv4(
        { source: `10.0.${i >> 8}.${i & 255}`, destination: "10.9.0.2", protocol: 6 },
        p.tcp({ from: 4000, to: 443 }),
      ),
    );
  const frames = Array.from({ length: 2000 }, (_, i) => frame(i));
  using reader = openLoaded();
  const counter = peer("counter");
  const first = { ours: inject(reader, frames), counter: counter(frames) };
  const repeat = 20_000;
  const known = { ours: inject(reader, [frame(1)], { repeat }), counter: counter([frame(1)], repeat) };
  return { known, first };
}

const report: Record<string, unknown> = { release: release() };
try {
  Object.assign(report, verified(), costs());
  report.disagreements = await disagreements();
  Object.assign(report, await miscounted());
  Object.assign(report, await behindAnother());
  Object.assign(report, await connections());
} catch (error) {
  report.error = error instanceof Error ? error.stack : String(error);
}
console.log(`\n${resultMark}${JSON.stringify(report)}`);
process.exit();
