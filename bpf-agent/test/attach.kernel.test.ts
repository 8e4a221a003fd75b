import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { buildBpf, whenStale } from "../build.ts";
import { FlowReader, type InterfaceChange } from "../src/reader.ts";
import { builtAddon, scan, total } from "./harness.ts";
import { acquaint, connect, Namespace } from "./netns.ts";
import type { Peer } from "./peer.ts";

interface Pair extends AsyncDisposable {
  readonly node: Namespace;
  readonly pod: Namespace;
  readonly client: Peer;
  /** Sends datagrams from the pod to the node and back, each way as many. */
  send(count: number): Promise<void>;
}

async function pair(): Promise<Pair> {
  const [node, pod] = [new Namespace("node"), new Namespace("pod")];
  connect(node, "veth0", pod, "eth0");
  node.ip("addr add 10.6.0.1/24 dev veth0");
  pod.ip("addr add 10.6.0.2/24 dev eth0");
  acquaint(node, "veth0", "10.6.0.1", pod, "eth0", "10.6.0.2");
  const [server, client] = [await node.peer(), await pod.peer()];
  await server.call("udpEcho", { address: "10.6.0.1", port: 9000, reply: 20 });
  return {
    node,
    pod,
    client,
    async send(count) {
      await client.call("udpSend", { address: "10.6.0.1", port: 9000, from: 9001, count, size: 100 });
    },
    async [Symbol.asyncDispose]() {
      await pod[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** Waits for interface changes in order. */
function changes() {
  const seen: InterfaceChange[] = [];
  let wake = () => {};
  return {
    seen,
    onInterface(change: InterfaceChange) {
      seen.push(change);
      wake();
    },
    async until(holds: (seen: readonly InterfaceChange[]) => boolean) {
      while (!holds(seen)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

type Without = readonly ("tcx" | "handover")[];

const watch = (node: Namespace, without: Without, onInterface: (change: InterfaceChange) => void) =>
  new FlowReader({ netns: node.path, without }, { onInterface }, builtAddon());

const filters = (node: Namespace) =>
  ["ingress", "egress"].map((hook) => node.run("tc", "filter", "show", "dev", "veth0", hook));

describe.each([
  { kind: "clsact, then TCX", without: [], tcx: false },
  { kind: "TCX", without: ["handover"], tcx: true },
  { kind: "clsact", without: ["tcx"], tcx: false },
] as const)("by $kind", ({ without, tcx }) => {
  test("interfaces are followed as they come and go", async () => {
    await using network = await pair();
    const log = changes();
    using _ = watch(network.node, without, log.onInterface);
    await log.until(({ length }) => length === 1);
    network.node.ip("link add late type veth peer name later");
    await log.until((seen) => ["veth0", "late", "later"].every((name) => seen.some((change) => change.name === name)));
    network.node.ip("link del late");
    await log.until((seen) => seen.filter(({ attached }) => !attached).length === 2);
    const first = ["veth0", "late", "later"].map((name) => log.seen.find((change) => change.name === name)!);
    expect(first.map((change) => [change.errno, change.tcx])).toEqual(Array(3).fill([0, tcx]));
    expect(new Set(log.seen.map(({ attached, name }) => `${attached ? "+" : "-"}${name}`))).toEqual(
      new Set(["+late", "+later", "+veth0", "-late", "-later"]),
    );
  });

  test("closing detaches", async () => {
    await using network = await pair();
    const log = changes();
    const reader = watch(network.node, without, log.onInterface);
    await log.until(({ length }) => length === 1);
    await network.send(3);
    expect((await scan(reader)).map(({ packets }) => packets)).toEqual([[3, 3]]);
    await reader.close();
    expect(() => reader.counters()).toThrow("closed");
    expect(filters(network.node).join("")).not.toContain("flow_");
    expect(network.node.run("bpftool", "net", "show")).not.toContain("flow_ingress");
  });

  test("beside a foreign filter, that still decides", async () => {
    await using network = await pair();
    const { node } = network;
    node.run("tc", "qdisc", "add", "dev", "veth0", "clsact");
    const object = new URL("../dist/foreign.bpf.o", import.meta.url).pathname;
    whenStale("dist/foreign.bpf.o", ["test"], () => buildBpf("test/foreign.bpf.c", "dist/foreign.bpf.o"));
    node.run("tc", "filter", "add", "dev", "veth0", "ingress", "prio", "7", "bpf", "da", "obj", object, "sec", "tc");
    const log = changes();
    const reader = watch(node, without, log.onInterface);
    await log.until(({ length }) => length === 1);
    await network.send(5);
    void network.client.call("udpSend", { address: "10.6.0.1", port: 9999, from: 9002, count: 1, size: 10 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const flows = await scan(reader);
    expect(flows.map(({ packets }) => total(packets)).sort()).toEqual([1, 10]);
    await reader.close();
    expect(filters(node)[0]).toContain("foreign");
  });

  test("killed without a chance to clean up, it counts once after a restart", async () => {
    await using network = await pair();
    const script = new URL("./hold-reader.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, network.node.path, ...without], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout!, "data");
    await network.send(4);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const log = changes();
    using reader = watch(network.node, without, log.onInterface);
    await log.until(({ length }) => length === 1);
    await network.send(6);
    expect((await scan(reader)).map(({ packets }) => packets)).toEqual([[6, 6]]);
    if (without[0] === "tcx")
      expect(filters(network.node).map((text) => text.split("handle 0x5c0").length - 1)).toEqual([1, 1]);
  });
});

test("going over from clsact to TCX under traffic loses no packet and counts none twice", async () => {
  await using network = await pair();
  const log = changes();
  using reader = watch(network.node, [], log.onInterface);
  await log.until(({ length }) => length === 1);
  let sent = 0;
  while (log.seen.length < 2 || sent < 2000) {
    await network.send(100);
    sent += 100;
  }
  expect(log.seen.map(({ tcx }) => tcx)).toEqual([false, true]);
  expect((await scan(reader)).map(({ packets }) => packets)).toEqual([[sent, sent]]);
  expect(filters(network.node).join("")).not.toContain("flow_");
});

test("beside a foreign TCX program every packet is still counted", async () => {
  await using network = await pair();
  const first = changes();
  const second = changes();
  using one = watch(network.node, ["handover"], first.onInterface);
  await first.until(({ length }) => length === 1);
  // Another reader is a foreign program to the first: it stands before it on the hook and lets everything on.
  using other = watch(network.node, ["handover"], second.onInterface);
  await second.until(({ length }) => length === 1);
  await network.send(7);
  expect((await scan(one)).map(({ packets }) => packets)).toEqual([[7, 7]]);
  expect((await scan(other)).map(({ packets }) => packets)).toEqual([[7, 7]]);
});

describe("privileges", () => {
  /** Runs a reader in a namespace with only these capabilities; resolves with its first output or its error. */
  async function withOnly(node: Namespace, capabilities: string): Promise<string> {
    const script = new URL("./hold-reader.ts", import.meta.url).pathname;
    const only = ["setpriv", `--bounding-set=-all,${capabilities}`, "--inh-caps=-all"];
    const child = spawn("ip", ["netns", "exec", node.name, ...only, process.execPath, script]);
    let errors = "";
    child.stderr.on("data", (data) => {
      errors += data;
    });
    const ended = once(child, "exit");
    const first = await Promise.race([once(child.stdout, "data"), ended.then(() => undefined)]);
    child.kill();
    await ended;
    return first ? String(first[0]).trim() : errors;
  }

  test("BPF, PERFMON and NET_ADMIN are enough", async () => {
    await using network = await pair();
    expect(await withOnly(network.node, "+bpf,+perfmon,+net_admin")).toBe("veth0");
  });

  test("without BPF the error says what is needed", async () => {
    await using network = await pair();
    const error = await withOnly(network.node, "+net_admin");
    expect(error).toContain("NO_PRIVILEGE");
    expect(error).toContain("BPF, PERFMON and NET_ADMIN");
  });
});

test("a namespace that is not there is a clear error", () => {
  expect(() => new FlowReader({ netns: "/run/netns/absent" }, {}, builtAddon())).toThrow(
    expect.objectContaining({ code: "NO_NETNS", message: expect.stringContaining("/run/netns/absent") }),
  );
});

test.each([
  ["no BPF object at all", "../package.json"],
  ["another BPF program", "../dist/process.bpf.o"],
])("a wrong object is a clear error: %s", (_, path) => {
  const object = new URL(path, import.meta.url).pathname;
  expect(() => new FlowReader({ object }, {}, builtAddon())).toThrow(expect.objectContaining({ code: "BAD_OBJECT" }));
});
