/** Real traffic between namespaces, and the spans of it that arrive behind the real collector. */
import { expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import {
  agent,
  attributesOf,
  collector,
  expectConservation,
  metric,
  quick,
  type Span,
  settledCounts,
  sink,
  sum,
} from "./agent-process.ts";
import { addresses, type Routed, routed } from "./netns.ts";
import { ETHERNET } from "./watch.ts";

/** Sends a TCP exchange and `conversations` of UDP from the left pod to the right one; returns what left's interface sent and got. */
async function traffic({ left, right }: Routed, conversations: number) {
  // What the interface counts is then what is on the wire.
  for (const pod of [left, right]) pod.ip("link set eth0 gso_max_segs 1");
  const [client, server] = await Promise.all([left.peer(), right.peer()]);
  const before = left.counters("eth0");
  await server.call("tcpServe", {
    address: addresses.right,
    port: 8080,
    request: 20_000,
    reply: 50_000,
    farewell: "end",
  });
  const sent = { address: addresses.right, port: 8080, size: 20_000, idleMs: 0, halfClose: true };
  expect(await client.call("tcpSend", sent)).toBe(50_000);
  const echo = await right.peer();
  await echo.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  for (let n = 0; n < conversations; n++)
    await client.call("udpSend", { address: addresses.right, port: 9000, from: 7000 + n, count: 10, size: 100 });
  return {
    after: () => {
      const now = left.counters("eth0");
      const [txPackets, rxPackets] = [now.txPackets - before.txPackets, now.rxPackets - before.rxPackets];
      return {
        sent: { packets: txPackets, bytes: now.txBytes - before.txBytes - ETHERNET * txPackets },
        received: { packets: rxPackets, bytes: now.rxBytes - before.rxBytes - ETHERNET * rxPackets },
      };
    },
  };
}

test("every flow arrives at the collector once, with exact bytes, and every count adds up", async () => {
  const backend = await sink("127.0.52.2");
  await using program = await collector("127.0.52.1", "127.0.52.2");
  void program;
  await using network = routed();
  const running = await agent(network.node.path, {
    ...quick,
    export: { endpoints: [{ url: "http://127.0.52.1:4318" }], maxDelay: "50ms" },
  });
  const { after } = await traffic(network, 12);
  const counts = await settledCounts(running.url, 13);
  expectConservation(counts);
  expect(counts).toMatchObject({
    received: 13,
    processed: 13,
    created: 13,
    veth: 13,
    deferred: 0,
    dropped: 0,
    lost: 0,
  });
  await until("the spans at the backend", () => backend.spans.length === counts.exported);

  const { sent, received } = after();
  expect(sum(backend.spans, "flow.bytes.delta")).toBe(sent.bytes);
  expect(sum(backend.spans, "flow.packets.delta")).toBe(sent.packets);
  expect(sum(backend.spans, "flow.reverse.bytes.delta")).toBe(received.bytes);
  expect(sum(backend.spans, "flow.reverse.packets.delta")).toBe(received.packets);
  expect(new Set(backend.spans.map(({ spanId }) => spanId)).size).toBe(backend.spans.length);
  expect(new Set(backend.spans.map(({ traceId }) => traceId)).size).toBe(13);

  const tcp = backend.spans.filter(({ name }) => name === "flow_ipv4_tcp").at(-1) as Span;
  expect(attributesOf(tcp)).toMatchObject({
    "source.address": addresses.left,
    "destination.address": addresses.right,
    "destination.port": 8080,
    "network.transport": "tcp",
    "network.type": "ipv4",
    "network.interface.name": "veth-left",
    "flow.connection.state": "closed",
    "flow.end_reason": "end_of_flow_detected",
    "flow.direction": "internal",
    "flow.reporter": "source",
    "flow.community_id": expect.stringMatching(/^1:[\w+/]{27}=$/),
  });
  expect(Number(tcp.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(tcp.startTimeUnixNano));
  expect(Math.abs(Number(tcp.endTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(600_000);
  const udp = backend.spans.filter(({ name }) => name === "flow_ipv4_udp");
  expect(udp.map((span) => attributesOf(span)["flow.end_reason"])).toContain("idle_timeout");
  expect(await running.stop()).toBe(0);
  backend.close();
});

test("an unavailable collector loses nothing that fits the queues; what does not is deferred or counted", async () => {
  await using network = routed();
  const running = await agent(network.node.path, {
    ...quick,
    // Room for three spans in each poller's channel, for one batch on its way and for one that waits.
    export: {
      endpoints: [{ url: "http://127.0.52.3:4318", concurrency: 1, queue: 1 }],
      channelBytes: 4096,
      maxSpans: 4,
      maxDelay: "10ms",
    },
  });
  const { after } = await traffic(network, 40);
  await until(
    "spans to be dropped",
    async () => (await metric(running.url, "mermin_flow_spans_dropped_export_failure_total")) > 0,
  );
  const backend = await sink("127.0.52.4");
  await using program = await collector("127.0.52.3", "127.0.52.4");
  void program;
  const counts = await settledCounts(running.url, 41);
  expectConservation(counts);
  expect(counts.received).toBe(41);
  expect(counts.lost).toBe(0);
  await until("the spans at the backend", () => backend.spans.length >= counts.exported!);
  expect(sum(backend.spans, "flow.bytes.delta")).toBeLessThan(after().sent.bytes);
  expect(running.output()).toMatch(/export to \S+ fails: .*ECONNREFUSED.*\n(?:.*\n)*export to \S+ works again/);
  expect(await running.stop()).toBe(0);
  backend.close();
});

test("flows that are open when the agent stops are exported, and say so", async () => {
  const backend = await sink("127.0.52.6");
  await using program = await collector("127.0.52.5", "127.0.52.6");
  void program;
  await using network = routed();
  const running = await agent(network.node.path, { export: { endpoints: [{ url: "http://127.0.52.5:4318" }] } });
  const { after } = await traffic(network, 5);
  await until("the flows to be known", async () => (await metric(running.url, "mermin_flow_spans_active")) === 6);
  expect(await running.stop()).toBe(0);
  await until("the spans at the backend", () => backend.spans.length === 6);
  expect(new Set(backend.spans.map((span) => attributesOf(span)["flow.end_reason"]))).toEqual(new Set(["forced_end"]));
  expect(sum(backend.spans, "flow.bytes.delta")).toBe(after().sent.bytes);
  backend.close();
});
