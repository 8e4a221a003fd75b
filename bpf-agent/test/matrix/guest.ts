/** Runs inside each kernel of the matrix: the parts of the kernel tier that need nothing but Node. */

import { readFileSync } from "node:fs";
import { release } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { corpus } from "../corpus.ts";
import { inject, openLoaded, scan } from "../harness.ts";
import { acquaint, connect, Namespace } from "../netns.ts";
import { expected, observed } from "../outcome.ts";
import * as p from "../packets.ts";
import { testPrograms } from "../programs.ts";
import { countedFlow, pings, scenarios } from "../scenarios.ts";
import { watch } from "../watch.ts";
import { resultMark } from "./machine.ts";
import type { KernelReport } from "./report.ts";

/** Those that differ most in what they ask of a kernel: programs start slowly here. */
const chosen = /^(the host itself|bond|a bridge|a VLAN|ipvlan|VXLAN)/;

function verified(): Pick<KernelReport, "missing" | "verified"> {
  using reader = openLoaded();
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
    const got = (await scan(reader)).map(countedFlow);
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

/** The round trips of a connection over a path of 80 ms. */
async function roundTrips(): Promise<Pick<KernelReport, "socketRttMs" | "hookRttMs">> {
  const { node, pod } = delayed(50, 30);
  const [server, client] = [await node.peer(), await pod.peer()];
  await server.call("tcpServe", { address: "10.6.0.1", port: 9000, request: 2000, reply: 2000, farewell: "end" });
  const measured: (readonly [number, number])[] = [];
  for (const socketRtt of [true, false]) {
    const { reader } = await watch(node, 1, { include: ["veth0"], features: { socketRtt } });
    await using _ = reader;
    await client.call("tcpSend", { address: "10.6.0.1", port: 9000, size: 2000, idleMs: 300, halfClose: true });
    const [flow] = await scan(reader);
    measured.push([flow!.rttUs[0] / 1000, flow!.rttUs[1] / 1000]);
  }
  await node[Symbol.asyncDispose]();
  await pod[Symbol.asyncDispose]();
  return { socketRttMs: measured[0]!, hookRttMs: measured[1]! };
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

function costs(): Pick<KernelReport, "nothingNs" | "knownNs" | "newNs"> {
  const frame = (i: number) =>
    p.ethernet(
      p.ipv4(
        { source: `10.0.${i >> 8}.${i & 255}`, destination: "10.9.0.2", protocol: 6 },
        p.tcp({ from: 4000, to: 443 }),
      ),
    );
  const { packed, stride } = { packed: p.concat(Uint8Array.of(54, 0), frame(1)), stride: 56 };
  const [object, programs] = testPrograms().programLoad(new URL("../../dist/noop.bpf.o", import.meta.url).pathname);
  const repeat = 20_000;
  const nothingNs = testPrograms().programRun(programs.noop!, packed, stride, repeat, {});
  void object;
  using reader = openLoaded();
  const newNs = inject(
    reader,
    Array.from({ length: 2000 }, (_, i) => frame(i)),
  );
  const knownNs = inject(reader, [frame(1)], { repeat });
  return { nothingNs, knownNs, newNs };
}

const report: Record<string, unknown> = { release: release() };
try {
  Object.assign(report, verified(), costs());
  report.disagreements = await disagreements();
  Object.assign(report, await miscounted());
  Object.assign(report, await behindAnother());
  Object.assign(report, await roundTrips());
} catch (error) {
  report.error = error instanceof Error ? error.stack : String(error);
}
console.log(`\n${resultMark}${JSON.stringify(report)}`);
process.exit();
