/** What is off unless asked for: which process sends, and what the kernel drops. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { type Direction, marks } from "../src/layout.ts";
import type { FlowReader, Missing } from "../src/reader.ts";
import { type Flow, inject, openLoaded, scan } from "./harness.ts";
import { addresses, routed } from "./netns.ts";
import * as p from "./packets.ts";
import { settle, watch } from "./watch.ts";

/** Skips the test, with the reader's own reason, where this machine refuses the hook. */
function needs(context: TestContext, reader: FlowReader, collector: keyof Missing): void {
  const reason = reader.missing()[collector];
  if (reason) context.skip(`${collector}: ${reason}`);
}

const to = { address: addresses.right, size: 100 } as const;

/** The ID of a process's cgroup v2: the inode of its folder. */
function cgroupOf(pid: number): bigint {
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))![1]!;
  const root = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((each) =>
    existsSync(join(each, "cgroup.controllers")),
  )!;
  return statSync(join(root, path), { bigint: true }).ino;
}

test("each way has its sender's process, a server's connections the listener's", async (context) => {
  await using network = routed();
  const { reader } = await watch(network.node, 2, { processes: true });
  using _ = reader;
  needs(context, reader, "processes");
  const [client, server] = [await network.left.peer(), await network.right.peer()];
  await server.call("udpEcho", { address: to.address, port: 9000, reply: 60 });
  await client.call("udpSend", { ...to, port: 9000, from: 9001, count: 3 });
  await server.call("tcpServe", { address: to.address, port: 9000, request: 100, reply: 100, farewell: "end" });
  await client.call("tcpSend", { ...to, port: 9000, idleMs: 0, halfClose: true });
  await settle();
  const flows = await scan(reader);
  expect(flows.map(({ protocol }) => protocol).toSorted((a, b) => a - b)).toEqual([6, 17]);
  const slots = Uint32Array.from(flows, ({ slot }) => slot);
  const processes = reader.processes(slots);
  for (const [i, flow] of flows.entries()) {
    const answering = (1 - flow.initiator) as Direction;
    expect(flow.marks & marks.extras).not.toBe(0);
    expect([processes.pid(i, flow.initiator), processes.pid(i, answering)]).toEqual([client.pid, server.pid]);
    expect([processes.name(i, 0), processes.name(i, 1)]).toEqual(Array(2).fill(processes.name(i, 0)));
    expect(processes.name(i, 0)).toMatch(/^(node|MainThread)$/);
  }
  const ended: unknown[] = [];
  await reader.end(slots, (view) => {
    for (let i = 0; i < view.length; i++) {
      const { processes: senders, tunnel } = view.attributes(i);
      ended.push([senders?.pid(0, view.initiator(i)), senders?.cgroupId(0, view.initiator(i)), tunnel]);
    }
  });
  // The client made each flow, in a cgroup: the final record says so, and nothing is left behind.
  expect(ended).toEqual(Array(2).fill([client.pid, cgroupOf(client.pid), undefined]));
  expect(reader.processes(slots).pid(0, 0)).toBe(0);
});

test("drops are counted by the kernel's reason, in all and for their flow", async (context) => {
  await using network = routed();
  network.node.run(
    "nft",
    `table ip guard {
      chain forward { type filter hook forward priority 0; udp dport 9100 drop; }
    }`,
  );
  const { reader } = await watch(network.node, 2, { drops: true });
  using _ = reader;
  needs(context, reader, "drops");
  // No answer comes to either: the calls never return.
  for (const [port, from] of [
    [9100, 9101],
    [9200, 9201],
  ] as const)
    void (await network.left.peer()).call("udpSend", { ...to, port, from, count: 1 });
  await settle();
  const flows = (await scan(reader)).filter(({ protocol }) => protocol === 17);
  const of = (port: number) => flows.find(({ lowPort, highPort }) => lowPort === port || highPort === port) as Flow;
  const slots = Uint32Array.of(of(9100).slot, of(9200).slot);
  const dropped = reader.flowDrops(slots);
  expect([0, 1].map((i) => [dropped.packets(i), dropped.bytes(i), dropped.reason(i)])).toEqual([
    [1, 128, "netfilter_drop"],
    [1, 128, "no_socket"],
  ]);
  const all = Object.fromEntries(reader.drops().map(({ reason, packets }) => [reason, packets]));
  expect(all.netfilter_drop).toBeGreaterThanOrEqual(1);
  expect(all.no_socket).toBeGreaterThanOrEqual(1);
  const reasons: unknown[] = [];
  await reader.end(slots, (view) => {
    for (let i = 0; i < view.length; i++) reasons.push(view.attributes(i).drops?.reason(0));
  });
  expect(reasons.toSorted()).toEqual(["netfilter_drop", "no_socket"]);
  expect(reader.flowDrops(slots).packets(0)).toBe(0);
});

test("one that cannot run says why, and the rest runs", async () => {
  using reader = openLoaded({ processes: true, cgroup: import.meta.dirname });
  expect(reader.missing()).toEqual({ processes: expect.stringContaining("cgroup v2") });
  inject(reader, [p.ethernet(p.ipv4({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 }, p.udp(1, 2)))]);
  expect(await scan(reader)).toMatchObject([{ packets: [1, 0] }]);
  expect(reader.drops()).toEqual([]);
});
