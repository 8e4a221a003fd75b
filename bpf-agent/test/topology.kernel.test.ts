import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { marks } from "../src/layout.ts";
import { type Flow, scan, total } from "./harness.ts";
import { acquaint, addresses, connect, Namespace, quiet, type Routed, routed } from "./netns.ts";
import * as p from "./packets.ts";
import type { Peer } from "./peer.ts";
import { ETHERNET, settle, watch } from "./watch.ts";

/** Flow counters and the pod's interface must agree to the byte. */
function expectSame(flows: readonly Flow[], namespace: Namespace, device: string): void {
  const { rxPackets, txPackets, rxBytes, txBytes } = namespace.counters(device);
  const packets = flows.reduce((sum, flow) => sum + total(flow.packets), 0);
  const bytes = flows.reduce((sum, flow) => sum + total(flow.bytes), 0);
  expect({ packets, bytes: bytes + ETHERNET * packets }).toEqual({
    packets: rxPackets + txPackets,
    bytes: rxBytes + txBytes,
  });
}

describe.each([
  { mtu: 1500, v6: false },
  { mtu: 9000, v6: true },
])("two veths a packet, mtu $mtu, IPv6 $v6", ({ mtu, v6 }) => {
  let network: Routed;
  let peers: { left: Peer; right: Peer };
  let port = 8000;
  const right = v6 ? addresses.right6 : addresses.right;

  beforeAll(async () => {
    network = routed({ mtu, v6 });
    // The left pod sends segments by the dozen in one packet; the right one's interface has them as a wire would.
    network.node.ip("link set veth-right gso_max_segs 1");
    network.right.ip("link set eth0 gso_max_segs 1");
    peers = { left: await network.left.peer(), right: await network.right.peer() };
    if (v6) await quiet();
  });
  afterAll(() => network?.[Symbol.asyncDispose]());

  /** Runs traffic under a fresh reader, on fresh interface counters. */
  async function observe(traffic: (port: number) => Promise<void>) {
    port += 1;
    const before = network.right.counters("eth0");
    const { reader } = await watch(network.node, 2);
    using _ = reader;
    await traffic(port);
    await settle();
    const flows = await scan(reader);
    const after = network.right.counters("eth0");
    const wire = {
      packets: after.rxPackets + after.txPackets - before.rxPackets - before.txPackets,
      bytes: after.rxBytes + after.txBytes - before.rxBytes - before.txBytes,
    };
    const packets = flows.reduce((sum, flow) => sum + total(flow.packets), 0);
    const bytes = flows.reduce((sum, flow) => sum + total(flow.bytes), 0);
    expect({ packets, bytes: bytes + ETHERNET * packets }).toEqual(wire);
    expect(reader.counters().duplicate.packets).toBe(packets);
    return flows;
  }

  test.each([
    { name: "closed by both", farewell: "end" as const, halfClose: true, idleMs: 0, state: "closed" },
    { name: "idle for a while", farewell: "end" as const, halfClose: true, idleMs: 1500, state: "closed" },
    { name: "half-closed", farewell: "hold" as const, halfClose: true, idleMs: 0, state: "fin_wait" },
    { name: "reset", farewell: "reset" as const, halfClose: false, idleMs: 0, state: "reset" },
  ])("TCP, $name", async ({ farewell, halfClose, idleMs, state }) => {
    const size = 400_000;
    const [flow, ...others] = await observe(async (at) => {
      await peers.right.call("tcpServe", { address: right, port: at, request: size, reply: 100_000, farewell });
      const sent = peers.left.call("tcpSend", { address: right, port: at, size, idleMs, halfClose });
      if (farewell === "hold") await settle();
      else expect(await sent).toBe(100_000);
    });
    expect(others).toEqual([]);
    expect(flow).toMatchObject({ protocol: 6, state });
    expect(flow!.handshakeUs).toBeGreaterThan(0);
    expect(Math.min(...flow!.rttUs)).toBeGreaterThan(0);
    // More than the payload by headers, and by retransmissions on a loaded machine: the exact sum is the interface's.
    expect(flow!.bytes[flow!.initiator]).toBeGreaterThan(size);
    // A peer whose client is still waiting answers nothing else: the tests go on with another.
    if (farewell === "hold") peers.left = await network.left.peer();
  });

  test("UDP both ways", async () => {
    const [flow, ...others] = await observe(async (at) => {
      await peers.right.call("udpEcho", { address: right, port: at, reply: 300 });
      expect(await peers.left.call("udpSend", { address: right, port: at, from: 7000, count: 50, size: 100 })).toBe(
        15_000,
      );
    });
    const header = v6 ? 48 : 28;
    expect(others).toEqual([]);
    expect(flow!.packets).toEqual([50, 50]);
    expect(flow!.bytes[flow!.initiator]).toBe(50 * (100 + header));
    expect(flow!.bytes[1 - flow!.initiator]).toBe(50 * (300 + header));
    expect(flow!.side[0].ttl + flow!.side[1].ttl).toBe(64 + (flow!.ifindex[0] === flow!.ifindex[1] ? 63 : 64));
  });

  test("fragments belong to their datagram's flow", async () => {
    const size = 30_000;
    const [flow, ...others] = await observe(async (at) => {
      await peers.right.call("udpEcho", { address: right, port: at, reply: 10 });
      await peers.left.call("udpSend", { address: right, port: at, from: 7001, count: 5, size });
    });
    expect(others).toEqual([]);
    expect(flow!.packets[flow!.initiator]).toBe(
      5 * Math.ceil((size + 8) / (Math.floor((mtu - (v6 ? 48 : 20)) / 8) * 8)),
    );
    expect(flow!.marks & marks.fragment(flow!.initiator)).not.toBe(0);
  });
});

test("VXLAN: a packet inside and outside the tunnel is one flow", async () => {
  await using one = new Namespace("one");
  await using other = new Namespace("other");
  connect(one, "underlay", other, "underlay", 1600);
  for (const [namespace, last] of [
    [one, 1],
    [other, 2],
  ] as const) {
    namespace.ip(
      `addr add 192.168.9.${last}/24 dev underlay`,
      `link add vx0 type vxlan id 77 local 192.168.9.${last} remote 192.168.9.${3 - last} dstport 4789 dev underlay`,
      `addr add 10.77.0.${last}/24 dev vx0`,
      "link set vx0 mtu 1500 up",
    );
  }
  acquaint(one, "underlay", "192.168.9.1", other, "underlay", "192.168.9.2");
  acquaint(one, "vx0", "10.77.0.1", other, "vx0", "10.77.0.2");
  const [client, server] = [await one.peer(), await other.peer()];
  const { reader } = await watch(one, 2);
  using _ = reader;
  await server.call("udpEcho", { address: "10.77.0.2", port: 9000, reply: 60 });
  await client.call("udpSend", { address: "10.77.0.2", port: 9000, from: 9001, count: 40, size: 200 });
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ low: "10.77.0.1", high: "10.77.0.2", packets: [40, 40], bytes: [40 * 228, 40 * 88] }]);
  const tunnels = reader.tunnels(Uint32Array.of(flows[0]!.slot));
  expect([tunnels.type(0), tunnels.vni(0), tunnels.destinationPort(0)]).toEqual(["vxlan", 77, 4789]);
  expect([tunnels.source(0), tunnels.destination(0)].sort()).toEqual(["192.168.9.1", "192.168.9.2"]);
  // The first packet out made the flow before it had a tunnel; each has 50 bytes around it: IP, UDP, VXLAN, Ethernet.
  expect(tunnels.packets(0)).toBe(80);
  expect(tunnels.bytes(0)).toBe(total(flows[0]!.bytes) + 80 * 50);
  // What comes in by the underlay with another VNI belongs to no tunnel of this host.
  const inner = p.ethernet(p.ipv4({ source: "10.5.5.5", destination: "10.6.6.6", protocol: 17 }, p.udp(1, 2)));
  const payload = Buffer.from(p.vxlan(78, inner)).toString("hex");
  await client.call("udpEcho", { address: "192.168.9.1", port: 8472, reply: 60 });
  await server.call("udpSend", { address: "192.168.9.1", port: 8472, from: 9001, count: 5, size: 100, payload });
  const ends = (await scan(reader)).map(({ low, high, packets }) => ({ low, high, packets }));
  expect(ends).toContainEqual({ low: "192.168.9.1", high: "192.168.9.2", packets: [5, 5] });
  expect(ends).toHaveLength(2);
});

test("a pod cannot hide in what looks like another's tunnel", async () => {
  await using network = routed();
  const { left, node, right } = network;
  // The node has a tunnel of its own, of the same number: its underlay is not the pod's interface.
  node.ip("link add up0 type veth peer name up1", "link set up0 up");
  node.ip("link add vx0 type vxlan id 42 dstport 4789 dev up0", "link set vx0 up");
  const [client, server] = [await left.peer(), await right.peer()];
  const { reader } = await watch(node, 5);
  using _ = reader;
  const inner = p.ethernet(p.ipv4({ source: "10.5.5.5", destination: "10.6.6.6", protocol: 17 }, p.udp(1, 2)));
  const payload = Buffer.from(p.vxlan(42, inner)).toString("hex");
  await server.call("udpEcho", { address: addresses.right, port: 4789, reply: 60 });
  await client.call("udpSend", { address: addresses.right, port: 4789, from: 9001, count: 5, size: 100, payload });
  expect(await scan(reader)).toMatchObject([{ low: addresses.left, high: addresses.right, packets: [5, 5] }]);
});

test("hairpin: a packet that leaves by the interface it came in by is counted once", async () => {
  await using node = new Namespace("node");
  await using pods = new Namespace("pods");
  await using one = new Namespace("one");
  await using other = new Namespace("other");
  connect(node, "veth-pods", pods, "eth0");
  node.ip(
    "link add br0 type bridge mcast_snooping 0",
    "link set veth-pods master br0",
    "link set veth-pods type bridge_slave hairpin on",
    "link set br0 up",
  );
  // VEPA: siblings reach each other only through the bridge beyond eth0.
  for (const [namespace, device, last] of [
    [one, "m1", 1],
    [other, "m2", 2],
  ] as const) {
    pods.ip(`link add ${device} link eth0 type macvlan mode vepa`, `link set ${device} netns ${namespace.name}`);
    namespace.ip(`link set ${device}`, `addr add 10.5.0.${last}/24 dev ${device}`, `link set ${device} up`);
  }
  acquaint(one, "m1", "10.5.0.1", other, "m2", "10.5.0.2");
  const [client, server] = [await one.peer(), await other.peer()];
  const { reader } = await watch(node, 1, { include: ["veth-*"] });
  using _ = reader;
  await server.call("udpEcho", { address: "10.5.0.2", port: 9000, reply: 60 });
  await client.call("udpSend", { address: "10.5.0.2", port: 9000, from: 9001, count: 30, size: 100 });
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ packets: [30, 30], bytes: [30 * 128, 30 * 88] }]);
  expectSame(flows, one, "m1");
});

test("loopback: out and in are one packet", async () => {
  await using node = new Namespace("lo");
  const peer = await node.peer();
  const { reader } = await watch(node, 1, { include: ["lo"], exclude: [] });
  using _ = reader;
  await peer.call("udpEcho", { address: "127.0.0.1", port: 9000, reply: 60 });
  await peer.call("udpSend", { address: "127.0.0.1", port: 9000, from: 9001, count: 30, size: 100 });
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ packets: [30, 30] }]);
  expect(node.counters("lo").rxPackets).toBe(60);
});

test("a device without link header", async () => {
  await using node = new Namespace("tun");
  node.ip("tuntap add tun0 mode tun", "addr add 10.4.0.1/24 dev tun0", "link set tun0 up");
  const peer = await node.peer();
  const { reader, attached } = await watch(node, 1);
  using _ = reader;
  // Nobody reads the tunnel: the datagram goes out, no answer comes.
  void peer.call("udpSend", { address: "10.4.0.2", port: 9000, from: 9001, count: 1, size: 100 });
  await settle();
  expect(attached).toEqual(["+tun0"]);
  expect(await scan(reader)).toMatchObject([{ low: "10.4.0.1", high: "10.4.0.2", packets: [1, 0], bytes: [128, 0] }]);
});

test("when the interface of a flow goes, another one counts on", async () => {
  await using network = routed();
  const { left, node, right } = network;
  connect(node, "veth-also", left, "eth1");
  left.ip("addr add 10.9.0.9/32 dev lo", "addr add 10.3.0.2/24 dev eth1");
  node.ip("addr add 10.3.0.1/24 dev veth-also", "route add 10.9.0.9 via 10.1.0.2");
  acquaint(node, "veth-also", "10.3.0.1", left, "eth1", "10.3.0.2");
  const [client, server] = [await left.peer(), await right.peer()];
  const { reader, attached, until } = await watch(node, 3);
  using _ = reader;
  const send = { address: addresses.right, port: 9000, from: 9001, bind: "10.9.0.9", size: 100 };
  await server.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  await client.call("udpSend", { ...send, count: 20 });
  node.ip("link del veth-left", "route add 10.9.0.9 via 10.3.0.2");
  left.ip("route add default via 10.3.0.1");
  await until(4);
  expect(attached.at(-1)).toBe("-veth-left");
  await client.call("udpSend", { ...send, count: 25 });
  const flows = await scan(reader);
  expect(flows).toMatchObject([{ low: "10.2.0.2", packets: [45, 45] }]);
});
