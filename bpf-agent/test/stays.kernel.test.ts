/** What is attached stays attached, whatever others do on the interface; and what cannot be is said. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildBpf, whenStale } from "../build.ts";
import type { Addon } from "../src/native.ts";
import type { ReaderOptions } from "../src/options.ts";
import { FlowReader, type InterfaceChange } from "../src/reader.ts";
import { builtAddon, openLoaded, scan } from "./harness.ts";
import { acquaint, connect, Namespace } from "./netns.ts";

/** A node with one pod at `veth0`. */
async function pair() {
  const [node, pod] = [new Namespace("node"), new Namespace("pod")];
  connect(node, "veth0", pod, "eth0");
  node.ip("addr add 10.6.0.1/24 dev veth0");
  pod.ip("addr add 10.6.0.2/24 dev eth0");
  acquaint(node, "veth0", "10.6.0.1", pod, "eth0", "10.6.0.2");
  const [server, client] = [await node.peer(), await pod.peer()];
  await server.call("udpEcho", { address: "10.6.0.1", port: 9000, reply: 20 });
  return {
    node,
    send: (count: number) => client.call("udpSend", { address: "10.6.0.1", port: 9000, from: 9001, count, size: 100 }),
    async [Symbol.asyncDispose]() {
      await pod[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

/** A reader and what it said of interfaces. */
function open(node: Namespace, options: ReaderOptions = {}, addon: Addon = builtAddon()) {
  const seen: InterfaceChange[] = [];
  let wake = () => {};
  const onInterface = (change: InterfaceChange) => {
    seen.push(change);
    wake();
  };
  const reader = new FlowReader({ netns: node.path, ...options }, { onInterface }, addon);
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { reader, seen, until };
}

const filters = (node: Namespace) =>
  ["ingress", "egress"].map((hook) => node.run("tc", "filter", "show", "dev", "veth0", hook)).join("");

test("an ingress qdisc, which has no egress side, does not keep TCX from counting what leaves", async () => {
  await using network = await pair();
  network.node.run("tc", "qdisc", "add", "dev", "veth0", "ingress");
  const { reader, seen, until } = open(network.node);
  await using _ = reader;
  await until(() => seen.length === 1);
  expect(seen[0]).toMatchObject({ attached: true, tcx: true, problem: "" });
  await network.send(5);
  expect(await scan(reader)).toMatchObject([{ packets: [5, 5] }]);
});

test("where there is only clsact, an ingress qdisc in its place is a named problem", async () => {
  await using network = await pair();
  network.node.run("tc", "qdisc", "add", "dev", "veth0", "ingress");
  const { reader, seen, until } = open(network.node, { without: ["tcx"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  expect(seen[0]).toMatchObject({ attached: true, tcx: false, problem: expect.stringContaining("ingress qdisc") });
  expect(reader.interfaces()).toMatchObject([{ name: "veth0", problem: expect.stringContaining("what leaves") }]);
});

test("two agents with clsact filters do not detach each other", async () => {
  await using network = await pair();
  const one = open(network.node, { without: ["tcx"] });
  await using _ = one.reader;
  await one.until(() => one.seen.length === 1);
  const other = open(network.node, { without: ["tcx"] });
  await other.until(() => other.seen.length === 1);
  await network.send(5);
  expect(await scan(one.reader)).toMatchObject([{ packets: [5, 5] }]);
  expect(await scan(other.reader)).toMatchObject([{ packets: [5, 5] }]);
  await other.reader.close();
  await network.send(5);
  expect(await scan(one.reader)).toMatchObject([{ packets: [10, 10] }]);
});

test("clsact that another program deletes is put back, and that is reported", async () => {
  await using network = await pair();
  const { reader, seen, until } = open(network.node, { without: ["tcx"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  network.node.run("tc", "qdisc", "del", "dev", "veth0", "clsact");
  await until(() => seen.some(({ change }) => change === "repaired"));
  await network.send(5);
  expect(await scan(reader)).toMatchObject([{ packets: [5, 5] }]);
});

const foreignObject = new URL("../dist/foreign.bpf.o", import.meta.url).pathname;

const buildForeign = () =>
  whenStale("dist/foreign.bpf.o", ["test"], () => buildBpf("test/foreign.bpf.c", "dist/foreign.bpf.o"));

/** Adds a filter that ends the hook's chain. */
function addForeignFilter(node: Namespace, hook: "ingress" | "egress") {
  buildForeign();
  const bpf = ["bpf", "da", "obj", foreignObject, "sec", "tc"];
  node.run("tc", "filter", "add", "dev", "veth0", hook, "prio", "1", "protocol", "all", ...bpf);
}

test("a filter that another program puts first and that ends the chain hides nothing for long", async () => {
  await using network = await pair();
  const { reader, seen, until } = open(network.node, { without: ["tcx"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  const repaired = () => seen.filter(({ change, attached }) => change === "repaired" && attached).length;
  addForeignFilter(network.node, "ingress");
  await until(() => repaired() === 1);
  addForeignFilter(network.node, "egress");
  await until(() => repaired() === 2);
  await network.send(5);
  expect(await scan(reader)).toMatchObject([{ packets: [5, 5] }]);
  // Another agent's filter passes every packet on: the two do not fight for the first place.
  const other = open(network.node, { without: ["tcx"] });
  await using __ = other.reader;
  await other.until(() => other.seen.length === 1);
  await network.send(5);
  expect(await scan(reader)).toMatchObject([{ packets: [10, 10] }]);
  expect(await scan(other.reader)).toMatchObject([{ packets: [5, 5] }]);
  expect(repaired()).toBe(2);
});

test("a program that insists on the first place is a named problem", async () => {
  await using network = await pair();
  const { reader, seen, until } = open(network.node, { without: ["tcx"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  for (let added = 1; added <= 9; added++) {
    addForeignFilter(network.node, "ingress");
    await until(() => seen.length === 1 + added);
  }
  expect(reader.interfaces()).toMatchObject([
    { attached: true, problem: expect.stringContaining("putting its filter") },
  ]);
});

test("beside a TCX program, packets are counted on every interface before the first link is made", async () => {
  await using network = await pair();
  const others = 30;
  network.node.ip(...Array.from({ length: others / 2 }, (_, i) => `link add a${i} type veth peer name b${i}`));
  const foreign = open(network.node, { without: ["handover"] });
  await using _ = foreign.reader;
  await foreign.until(() => foreign.seen.length === 1 + others);
  const { reader, seen, until } = open(network.node);
  await using __ = reader;
  await until(() => seen.length >= 1 + others);
  await network.send(5);
  const first = seen.slice(0, 1 + others);
  expect(new Set(first.map(({ name }) => name)).size).toBe(1 + others);
  for (const change of first)
    expect(change).toMatchObject({
      attached: true,
      tcx: false,
      problem: expect.stringContaining("another TCX program"),
    });
  await until(() => seen.filter(({ tcx }) => tcx).length === 1 + others);
  await network.send(5);
  expect(reader.interfaces().filter(({ problem }) => problem !== "")).toEqual([]);
  expect(await scan(reader)).toMatchObject([{ packets: [10, 10] }]);
  expect(filters(network.node)).not.toContain("flow_");
});

test("a TCX program that ends the chain hides packets only until there are links before it", async () => {
  await using network = await pair();
  buildForeign();
  const script = new URL("./hold-foreign.ts", import.meta.url).pathname;
  const ifindex = network.node.run("cat", "/sys/class/net/veth0/ifindex").trim();
  const inside = ["netns", "exec", network.node.name, process.execPath, script, foreignObject, ifindex];
  const foreign = spawn("ip", inside, { stdio: ["ignore", "pipe", "inherit"] });
  await once(foreign.stdout, "data");
  const { reader, seen, until } = open(network.node);
  await using _ = reader;
  await until(() => seen.length === 2);
  await network.send(5);
  expect(seen.map(({ tcx, problem }) => [tcx, problem !== ""])).toEqual([
    [false, true],
    [true, false],
  ]);
  expect(await scan(reader)).toMatchObject([{ packets: [5, 5] }]);
  const gone = once(foreign, "exit");
  foreign.kill();
  await gone;
});

test("a TCX link that another program detaches is made again, and that is reported", async () => {
  await using network = await pair();
  const { reader, seen, until } = open(network.node, { without: ["handover"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  const info = readFileSync(`/proc/self/fdinfo/${reader.descriptors().flow_ingress}`, "utf8");
  const program = Number(/^prog_id:\s+(\d+)/m.exec(info)![1]);
  const links: { id: number; prog_id: number }[] = JSON.parse(network.node.run("bpftool", "-j", "link", "show"));
  const { id } = links.find(({ prog_id }) => prog_id === program)!;
  network.node.run("bpftool", "link", "detach", "id", String(id));
  await until(() => seen.some(({ change }) => change === "repaired"));
  await network.send(5);
  expect(await scan(reader)).toMatchObject([{ packets: [5, 5] }]);
});

test("a new name, and a bridge it joins, are reported of an interface that stays attached", async () => {
  await using network = await pair();
  const { node } = network;
  const { reader, seen, until } = open(node, { include: ["veth*", "pod*"], without: ["tcx"] });
  await using _ = reader;
  await until(() => seen.length === 1);
  expect(seen[0]).toMatchObject({ change: "attached", kind: "veth", mac: expect.stringMatching(/^([0-9a-f]{2}:){5}/) });
  node.ip("link set veth0 name pod0");
  await until(() => seen.some(({ name }) => name === "pod0"));
  expect(seen.at(-1)).toMatchObject({ change: "changed", name: "pod0", attached: true });
  node.ip("link add br0 type bridge", "link set pod0 master br0");
  await until(() => seen.some(({ master }) => master > 0));
  expect(reader.interfaces()).toMatchObject([{ name: "pod0", attached: true }]);
});

test("filters that a killed agent left are removed, also where the next one does not watch", async () => {
  await using network = await pair();
  const script = new URL("./hold-reader.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, network.node.path, "tcx"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
  expect(filters(network.node)).toContain("flow_");
  const { reader, seen, until } = open(network.node, { include: ["lo"], exclude: [] });
  await using _ = reader;
  await until(() => seen.length === 1);
  expect(filters(network.node)).not.toContain("flow_");
});

test("after a storm of interfaces, with messages lost, exactly those that are there are watched", async () => {
  await using network = await pair();
  const { node } = network;
  const addon = builtAddon();
  // Room for a handful of messages: the kernel drops the rest.
  const forgetful: Addon = {
    ...addon,
    open: (options, ...rest) => addon.open({ ...options, netlinkBytes: 8192 }, ...rest),
  };
  const { reader, until } = open(node, { without: ["tcx"] }, forgetful);
  await using _ = reader;
  await until(() => reader.interfaces().length === 1);
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  for (let round = 0; round < 3; round++) {
    node.ip(...numbers.map((i) => `link add s${i} type veth peer name t${i}`));
    node.ip(...numbers.map((i) => `link del s${i}`));
  }
  node.ip("link add last type bridge");
  const names = () =>
    reader
      .interfaces()
      .map(({ name }) => name)
      .toSorted();
  await until(() => names().includes("last") && names().length === 2);
  expect(names()).toEqual(["last", "veth0"]);
});

test("closing does not hold up JavaScript", async () => {
  await using node = new Namespace("node");
  node.ip(...Array.from({ length: 10 }, (_, i) => `link add d${i} type bridge`));
  const { reader, seen, until } = open(node, { without: ["handover"] });
  await until(() => seen.length === 10);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await reader.close();
  expect(turned).toBe(true);
  await reader.close();
});

test("reading flows drops no packet of its own", async (context) => {
  using reader = openLoaded({ drops: true });
  if (reader.missing().drops) context.skip(reader.missing().drops);
  const dropped = () => reader.drops().find(({ reason }) => reason === "not_specified")?.packets ?? 0;
  const before = dropped();
  for (let i = 0; i < 50; i++) await scan(reader);
  expect(dropped() - before).toBeLessThan(50);
});
