/** ClusterIPs as kube-proxy makes them, by nftables: the tuples on both sides of the translation are one flow. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { marks } from "../src/layout.ts";
import type { ReaderOptions } from "../src/options.ts";
import type { FlowReader } from "../src/reader.ts";
import { endAll, type Flow, inject, scan, total } from "./harness.ts";
import { addresses, type Namespace, quiet, type Routed, routed } from "./netns.ts";
import * as p from "./packets.ts";
import { ETHERNET, settle, watch } from "./watch.ts";

const service = { v4: "10.96.0.10", v6: "fd96::10" } as const;
const backend = { tcp: 8080, udp: 5353 } as const;

interface ServiceOptions {
  readonly v6?: boolean;
  /** Pods of these addresses instead of the one on the right. */
  readonly backends?: readonly string[];
  readonly masquerade?: boolean;
}

/** Two pods behind a node that has a service, TCP port 80 and UDP port 53. */
function serviced({ v6 = false, backends, masquerade = false }: ServiceOptions = {}): Routed {
  const network = routed({ v6 });
  // One segment a packet, so that the interface's counters are the wire's.
  for (const pod of [network.left, network.right]) pod.ip("link set eth0 gso_max_segs 1");
  const to = v6 ? `[${addresses.right6}]` : addresses.right;
  const family = v6 ? "ip6" : "ip";
  const pods = backends ? `numgen inc mod ${backends.length} map { ${backends.map((pod, i) => `${i} : ${pod}`)} }` : to;
  const rule = (protocol: "tcp" | "udp", port: number) =>
    `${family} daddr ${v6 ? service.v6 : service.v4} ${protocol} dport ${port} dnat ${family} to ${pods}:${backend[protocol]}`;
  const rules = `${rule("tcp", 80)}; ${rule("udp", 53)};`;
  network.node.run(
    "nft",
    `table inet proxy {
      chain services { ${rules} }
      chain prerouting { type nat hook prerouting priority -100; jump services; }
      chain output { type nat hook output priority -100; jump services; }
      chain postrouting { type nat hook postrouting priority 100; ${masquerade ? "masquerade;" : ""} }
    }`,
  );
  return network;
}

/** Packets and IP bytes that passed an interface, both ways. */
function passed(namespace: Namespace, device = "eth0") {
  const { rxPackets, txPackets, rxBytes, txBytes } = namespace.counters(device);
  const packets = rxPackets + txPackets;
  return { packets, bytes: rxBytes + txBytes - ETHERNET * packets };
}

const sum = (flows: readonly Flow[]) => ({
  packets: flows.reduce((all, { packets }) => all + total(packets), 0),
  bytes: flows.reduce((all, { bytes }) => all + total(bytes), 0),
});

const translationsOf = (reader: FlowReader, flow: Flow) => {
  const view = reader.translations(Uint32Array.of(flow.slot));
  return Array.from({ length: view.count(0) }, (_, nth) => ({
    original: view.original(0, nth),
    translated: view.translated(0, nth),
  }));
};

/** Requests to the service's two ports, and what the wire carried. */
async function talk(network: Routed, v6: boolean, options: ReaderOptions = {}) {
  const [client, server] = [await network.left.peer(), await network.right.peer()];
  const [vip, pod] = v6 ? [service.v6, addresses.right6] : [service.v4, addresses.right];
  if (v6) await quiet();
  const before = passed(network.left);
  const { reader } = await watch(network.node, 2, options);
  await server.call("udpEcho", { address: pod, port: backend.udp, reply: 300 });
  await client.call("udpSend", { address: vip, port: 53, from: 7000, count: 40, size: 100 });
  await server.call("tcpServe", { address: pod, port: backend.tcp, request: 200_000, reply: 90_000, farewell: "end" });
  const request = { address: vip, port: 80, size: 200_000, idleMs: 0, halfClose: true };
  expect(await client.call("tcpSend", request)).toBe(90_000);
  await settle();
  const after = passed(network.left);
  const wire = { packets: after.packets - before.packets, bytes: after.bytes - before.bytes };
  return { reader, wire, flows: await scan(reader) };
}

const byProtocol = (flows: readonly Flow[]) => flows.toSorted((a, b) => a.protocol - b.protocol);

describe.each([
  { v6: false, masquerade: false },
  { v6: false, masquerade: true },
  { v6: true, masquerade: false },
  { v6: true, masquerade: true },
])("a service's connections, IPv6 $v6, masqueraded $masquerade", ({ v6, masquerade }) => {
  const [vip, from, to] = v6
    ? [service.v6, addresses.left6, addresses.right6]
    : [service.v4, addresses.left, addresses.right];

  test("are one flow each, and the pod behind is known", async () => {
    await using network = serviced({ v6, masquerade });
    const { reader, wire, flows } = await talk(network, v6);
    using _ = reader;
    expect(reader.missing()).toEqual({});
    expect(flows).toHaveLength(2);
    expect(sum(flows)).toEqual(wire);
    expect(reader.counters().duplicate.packets).toBe(wire.packets);
    const [tcp, udp] = byProtocol(flows);
    expect(tcp).toMatchObject({ protocol: 6, state: "closed" });
    expect(udp!.packets).toEqual([40, 40]);
    for (const [flow, port, podPort] of [
      [tcp!, 80, backend.tcp],
      [udp!, 53, backend.udp],
    ] as const) {
      expect([flow.low, flow.high].toSorted()).toEqual([from, vip].toSorted());
      expect(flow.marks & marks.translated).not.toBe(0);
      const [found, ...others] = translationsOf(reader, flow);
      expect(others).toEqual([]);
      expect(found!.original).toMatchObject({ source: { address: from }, destination: { address: vip, port } });
      expect(found!.translated.destination).toEqual({ address: to, port: podPort });
      expect(found!.translated.source.address).toBe(masquerade ? (v6 ? "fd02::1" : "10.2.0.1") : from);
    }
  });
});

test("without conntrack each side of the translation is a flow, and a packet still counts once", async () => {
  await using network = serviced();
  const { reader, wire, flows } = await talk(network, false, { without: ["conntrack"] });
  using _ = reader;
  expect(reader.missing()).toEqual({ conntrack: "switched off" });
  expect(flows).toHaveLength(4);
  expect(sum(flows)).toEqual(wire);
  expect(flows.every((flow) => !(flow.marks & marks.translated))).toBe(true);
});

test("a connection of the node itself, seen only translated, has its service as attribute", async () => {
  await using network = serviced();
  network.node.ip("route add 10.96.0.0/16 via 10.2.0.2");
  const [client, server] = [await network.node.peer(), await network.right.peer()];
  const { reader } = await watch(network.node, 2);
  using _ = reader;
  await server.call("udpEcho", { address: addresses.right, port: backend.udp, reply: 20 });
  await client.call("udpSend", { address: service.v4, port: 53, from: 7000, count: 5, size: 100 });
  const [flow, ...others] = await scan(reader);
  expect(others).toEqual([]);
  expect(flow).toMatchObject({ low: "10.2.0.1", high: addresses.right, packets: [5, 5] });
  expect(translationsOf(reader, flow!)).toMatchObject([
    { original: { destination: { address: service.v4, port: 53 } }, translated: { destination: { port: 5353 } } },
  ]);
});

test("hairpin: a pod that is its service's own backend", async () => {
  await using network = serviced({ backends: [addresses.left], masquerade: true });
  const peers = [await network.left.peer(), await network.left.peer()] as const;
  const { reader } = await watch(network.node, 2);
  using _ = reader;
  const before = passed(network.left);
  await peers[1].call("udpEcho", { address: addresses.left, port: backend.udp, reply: 20 });
  await peers[0].call("udpSend", { address: service.v4, port: 53, from: 7000, count: 12, size: 100 });
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ packets: [12, 12] }]);
  expect(2 * sum(flows).bytes).toBe(passed(network.left).bytes - before.bytes);
});

test("the answer seen first, by a reader that came late, is the same one flow", async () => {
  await using network = serviced();
  const [client, server] = [await network.left.peer(), await network.right.peer()];
  await server.call("udpEcho", { address: addresses.right, port: backend.udp, reply: 20 });
  await client.call("udpSend", { address: service.v4, port: 53, from: 7000, count: 1, size: 100 });
  await server.stop();
  const late = await network.right.peer();
  await client.call("udpEcho", { address: addresses.left, port: 7000, reply: 30 });
  const { reader } = await watch(network.node, 2);
  using _ = reader;
  await late.call("udpSend", { address: addresses.left, port: 7000, from: backend.udp, count: 9, size: 100 });
  const [flow, ...others] = await scan(reader);
  expect(others).toEqual([]);
  expect(flow).toMatchObject({ low: addresses.left, high: addresses.right, packets: [9, 9] });
  expect(translationsOf(reader, flow!)).toMatchObject([
    { original: { source: { address: addresses.left, port: 7000 }, destination: { address: service.v4, port: 53 } } },
  ]);
});

test.each([
  { older: "original", kept: service.v4, other: addresses.right },
  { older: "translated", kept: addresses.right, other: service.v4 },
])(
  "tuples that began a flow each become one at the next packet: the $older is older",
  async ({ older, kept, other }) => {
    await using network = serviced();
    const [client, server] = [await network.left.peer(), await network.right.peer()];
    const { reader } = await watch(network.node, 3, { exclude: [] });
    using _ = reader;
    await server.call("udpEcho", { address: addresses.right, port: backend.udp, reply: 100 });
    // As two CPUs see it that get both directions' packets at once, before either has passed netfilter.
    const datagram = (source: string, destination: string, from: number, to: number) =>
      p.ethernet(p.ipv4({ source, destination, protocol: 17 }, p.udp(from, to, p.zeros(100))));
    const frames = [
      datagram(addresses.left, service.v4, 7000, 53),
      datagram(addresses.right, addresses.left, backend.udp, 7000),
    ];
    inject(reader, older === "original" ? frames : frames.toReversed(), { program: "flow_egress" });
    expect(await scan(reader)).toHaveLength(2);
    await client.call("udpSend", { address: service.v4, port: 53, from: 7000, count: 20, size: 100 });
    const flows = (await scan(reader)).toSorted((a, b) => (a.marks & marks.superseded) - (b.marks & marks.superseded));
    // Each keeps what it counted: every packet is in one of them.
    expect(flows.map(({ high }) => high)).toEqual([kept, other]);
    expect(sum(flows).packets).toBe(2 + 40);
    expect(flows.map((flow) => (flow.marks & marks.superseded) !== 0)).toEqual([false, true]);
    expect(total(flows[1]!.packets)).toBeLessThanOrEqual(2);
    await endAll(reader);
    await client.call("udpSend", { address: service.v4, port: 53, from: 7000, count: 3, size: 100 });
    expect(await scan(reader)).toMatchObject([{ high: service.v4, packets: [3, 3] }]);
  },
);

test("a masqueraded port that another pod gets is that pod's", async () => {
  await using network = serviced({ masquerade: true });
  const { left, node, right } = network;
  left.ip("addr add 10.1.0.3/24 dev eth0");
  node.ip(
    `neigh replace 10.1.0.3 lladdr ${JSON.parse(left.run("ip", "-j", "link", "show", "eth0"))[0].address} dev veth-left`,
  );
  node.sysctl("net.netfilter.nf_conntrack_udp_timeout=1", "net.netfilter.nf_conntrack_udp_timeout_stream=1");
  const [client, server] = [await left.peer(), await right.peer()];
  const { reader } = await watch(node, 2);
  using _ = reader;
  await server.call("udpEcho", { address: addresses.right, port: 9000, reply: 20 });
  const send = (bind: string, count: number) =>
    client.call("udpSend", { address: addresses.right, port: 9000, from: 7000, bind, count, size: 100 });
  await send(addresses.left, 4);
  await sleep(1500);
  await send("10.1.0.3", 6);
  const flows = await scan(reader);
  expect(flows.map(({ low, packets }) => [low, packets]).toSorted()).toEqual([
    [addresses.left, [4, 4]],
    ["10.1.0.3", [6, 6]],
  ]);
});

test("a socket that is sent from one backend to the next stays one flow with both", async () => {
  const backends = [addresses.right, "10.2.0.3"];
  await using network = serviced({ backends });
  network.right.ip("addr add 10.2.0.3/24 dev eth0");
  network.node.ip(`route add 10.2.0.3 via ${addresses.right}`);
  network.node.sysctl("net.netfilter.nf_conntrack_udp_timeout=1", "net.netfilter.nf_conntrack_udp_timeout_stream=1");
  const client = await network.left.peer();
  for (const address of backends)
    await (await network.right.peer()).call("udpEcho", { address, port: backend.udp, reply: 20 });
  const { reader } = await watch(network.node, 2);
  using _ = reader;
  const send = () => client.call("udpSend", { address: service.v4, port: 53, from: 7000, count: 4, size: 100 });
  await send();
  await sleep(1500);
  await send();
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ high: service.v4, packets: [8, 8] }]);
  const pods = translationsOf(reader, flows[0]!).map(({ translated }) => translated.destination.address);
  expect(pods.toSorted()).toEqual(backends.toSorted());
  const final: string[] = [];
  await reader.end(Uint32Array.of(flows[0]!.slot), (view) => {
    const { translations } = view.attributes(0);
    for (let n = 0; n < translations!.count(0); n++) final.push(translations!.translated(0, n).destination.address);
  });
  expect(final.toSorted()).toEqual(backends.toSorted());
  await send();
  expect(await scan(reader)).toMatchObject([{ packets: [4, 4] }]);
});

test("flows ended under traffic lose no packet, and leave no key behind", async () => {
  await using network = serviced({ masquerade: true });
  const server = await network.right.peer();
  const clients = await Promise.all(
    [7000, 7001, 7002].map(async (from) => ({ from, peer: await network.left.peer() })),
  );
  // Three flows of two keys, and as many slots that wait for their grace: more would not fit.
  const { reader } = await watch(network.node, 2, { flows: 8 });
  using _ = reader;
  await server.call("udpEcho", { address: addresses.right, port: backend.udp, reply: 100 });
  const before = passed(network.left);
  const ended: Flow[] = [];
  let running = true;
  const send = (count: number) =>
    Promise.all(
      clients.map(({ peer, from }) => peer.call("udpSend", { address: service.v4, port: 53, from, count, size: 100 })),
    );
  const traffic = send(1500).finally(() => {
    running = false;
  });
  while (running) ended.push(...(await endAll(reader)));
  await traffic;
  ended.push(...(await endAll(reader)));
  expect(ended.length).toBeGreaterThan(10);
  const after = passed(network.left);
  const wire = { packets: after.packets - before.packets, bytes: after.bytes - before.bytes };
  const counted = sum(ended);
  console.log(`${ended.length} translated flows ended under ${wire.packets} packets`);
  expect(counted).toEqual(wire);
  const refused = () => {
    const { map_full, contended, translation_full } = reader.counters();
    return [map_full.packets, contended.packets, translation_full.packets];
  };
  expect(refused()).toEqual([0, 0, 0]);
  // A key left behind would be in the way of these.
  await send(4);
  expect(await scan(reader)).toMatchObject(clients.map(() => ({ packets: [4, 4] })));
  expect(refused()).toEqual([0, 0, 0]);
});
