/** What goes wrong around the agent: backends that are slow, agents that are killed, two on one host, queues of one, bursts. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import { encodedSpans } from "../src/once/decode-span.ts";
import {
  agent,
  collector,
  expectConservation,
  metric,
  quick,
  type RunningAgent,
  settledCounts,
  sink,
  sum,
} from "./agent-process.ts";
import { builtAddon } from "./harness.ts";
import type { Stopped, ToAgent } from "./injected-agent.ts";
import { addresses, type Namespace, type Routed, routed } from "./netns.ts";
import { ETHERNET } from "./watch.ts";

/** Sends datagrams of `conversations` from the left pod to the right one, one after another. */
async function datagrams({ left }: Routed, from: number, conversations: number): Promise<void> {
  const client = await left.peer();
  for (let n = 0; n < conversations; n++)
    await client.call("udpSend", { address: addresses.right, port: 9000, from: from + n, count: 3, size: 100 });
}

/** IP bytes and packets that a pod has sent. */
function sentBy(pod: Namespace): { packets: number; bytes: number } {
  const { txPackets: packets, txBytes } = pod.counters("eth0");
  return { packets, bytes: txBytes - ETHERNET * packets };
}

/** The same network, with the right pod answering. */
async function answering(network: Routed): Promise<Routed> {
  const server = await network.right.peer();
  await server.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  return network;
}

/** A backend that takes connections and never answers. */
async function stuck(): Promise<{ url: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

const created = (running: RunningAgent, flows: number) =>
  until("the flows to begin", async () => (await metric(running.url, "mermin_flow_spans_created_total")) >= flows);

test("an agent that is killed leaves nothing behind that the next one counts again", async () => {
  const backend = await sink("127.0.52.12");
  await using program = await collector("127.0.52.11", "127.0.52.12");
  void program;
  await using network = await answering(routed());
  const config = { ...quick, export: { endpoints: [{ url: "http://127.0.52.11:4318" }], maxDelay: "50ms" } };
  const first = await agent(network.node.path, { ...config, flows: { pollInterval: "200ms" } });
  await datagrams(network, 7000, 8);
  await created(first, 8);
  const exited = once(first.child, "exit");
  first.child.kill("SIGKILL");
  await exited;
  expect(backend.spans).toEqual([]);

  const second = await agent(network.node.path, config);
  const before = sentBy(network.left);
  // Half of the conversations are those of before, whose flows went with the agent that counted them.
  await datagrams(network, 7004, 8);
  const counts = await settledCounts(second.url, 8);
  expectConservation(counts);
  expect(counts).toMatchObject({ created: 8, lost: 0, dropped: 0 });
  await until("the spans at the backend", () => backend.spans.length === counts.exported);
  const after = sentBy(network.left);
  expect(sum(backend.spans, "flow.bytes.delta")).toBe(after.bytes - before.bytes);
  expect(sum(backend.spans, "flow.packets.delta")).toBe(after.packets - before.packets);
  expect(await second.stop()).toBe(0);
  backend.close();
});

test("two agents on one host each see every packet, and a stuck backend costs only its own spans", async () => {
  const backends = await Promise.all([sink("127.0.52.22"), sink("127.0.52.24")]);
  await using one = await collector("127.0.52.21", "127.0.52.22");
  await using other = await collector("127.0.52.23", "127.0.52.24");
  void [one, other];
  const dead = await stuck();
  await using network = await answering(routed());
  // Queues of one batch of one span each.
  const small = { concurrency: 1, queue: 1 };
  const config = (url: string) => ({
    ...quick,
    export: {
      endpoints: [
        { name: "healthy", url },
        { ...small, name: "stuck", url: dead.url },
      ],
      maxSpans: 1,
      maxDelay: "10ms",
    },
    server: { port: 0, gracePeriod: "2s" },
  });
  const agents = await Promise.all([
    agent(network.node.path, config("http://127.0.52.21:4318")),
    agent(network.node.path, config("http://127.0.52.23:4318")),
  ]);
  const before = sentBy(network.left);
  await datagrams(network, 7000, 30);
  for (const [index, running] of agents.entries()) {
    const read = (name: string, labels?: string) => metric(running.url, `mermin_${name}`, labels);
    await created(running, 30);
    await until("all flows to end", async () => (await read("flow_spans_active")) === 0);
    const healthy = 'endpoint="healthy"';
    await until("every span at the healthy backend", async () => {
      const sent = await read("flow_spans_sent_to_exporter_total");
      return sent === (await read("flow_spans_recorded_total")) && sent === (await read("export_spans_total", healthy));
    });
    const sent = await read("flow_spans_sent_to_exporter_total");
    expect(await read("export_spans_lost_total", healthy)).toBe(0);
    expect(await read("export_spans_total", 'endpoint="stuck"')).toBe(0);
    expect(await read("export_spans_lost_total", 'cause="queue_full"')).toBe(sent - 2);
    expect(await read("export_in_flight_spans", 'endpoint="stuck"')).toBe(2);
    const spans = backends[index]!.spans;
    await until("the spans at the backend", () => spans.length === sent);
    expect(sum(spans, "flow.bytes.delta")).toBe(sentBy(network.left).bytes - before.bytes);
  }
  // Two batches cannot be sent: the agent gives them up within its grace period.
  expect(await Promise.all(agents.map((running) => running.stop()))).toEqual([0, 0]);
  dead.close();
  for (const { close } of backends) close();
});

test("SIGHUP applies another filter to new flows, and an invalid file changes nothing", async () => {
  await using network = await answering(routed());
  const config = { ...quick, export: { endpoints: [{ url: "http://127.0.0.1:9" }] } };
  const running = await agent(network.node.path, config);
  await datagrams(network, 7000, 3);
  await created(running, 3);
  const hangup = async (change: object, answer: RegExp) => {
    running.configure({ ...config, ...change });
    running.child.kill("SIGHUP");
    await until("the agent to answer", () => answer.test(running.output()), { explain: running.output });
  };
  const deny = { filter: { ports: { deny: ["udp/9000"] } } };
  await hangup({ ...deny, pollers: { count: 0 } }, /was not changed:\n\S+agent\.yaml:\d+: pollers\.count/);
  await datagrams(network, 7100, 2);
  await created(running, 5);
  await hangup(
    { ...deny, pollers: { count: 2 } },
    /settings other than the filter apply after a restart\n(?:.*\n)*the filter was changed/,
  );
  await datagrams(network, 7200, 4);
  await hangup({}, /the filter was changed\n(?:.*\n)*the filter was changed/);
  await datagrams(network, 7300, 1);
  await created(running, 6);
  expect(await metric(running.url, "mermin_flow_spans_created_total")).toBe(6);
  running.child.kill("SIGKILL");
});

/** The agent with flows injected, and its metrics. */
async function injected(env: Record<string, string>): Promise<{ child: ChildProcess; url: string; output(): string }> {
  builtAddon();
  const script = fileURLToPath(new URL("./injected-agent.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=skopos-source", script], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let text = "";
  child.stderr!.on("data", (chunk) => (text += chunk));
  const url = await until("the agent", () => /metrics at (\S+)\/metrics/.exec(text)?.[1], { explain: () => text });
  return { child, url, output: () => text };
}

test("of a burst of 500,000 new flows every one is exported once, or counted as lost", async () => {
  const flows = 500_000;
  const traces = new Set<string>();
  let spans = 0;
  const backend = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      for (const span of encodedSpans(Buffer.concat(parts))) {
        spans++;
        // The first field: two bytes of tag and length, and the trace's identifier.
        traces.add(Buffer.from(span.subarray(2, 18)).toString("latin1"));
      }
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(backend, "listening");
  const running = await injected({
    SKOPOS_FLOW_AGENT__SERVER__PORT: "0",
    SKOPOS_FLOW_AGENT__SERVER__GRACE_PERIOD: "5m",
    SKOPOS_FLOW_AGENT__FLOWS__MAX: String(1 << 19),
    SKOPOS_FLOW_AGENT__FLOWS__TIMEOUTS__UDP: "1h",
    SKOPOS_FLOW_AGENT__POLLERS__COUNT: "2",
    SKOPOS_FLOW_AGENT__EXPORT__ENDPOINTS: `[{url: "http://127.0.0.1:${(backend.address() as AddressInfo).port}"}]`,
  });
  const ask = async (message: ToAgent) => {
    running.child.send(message);
    return (await once(running.child, "message"))[0] as unknown;
  };
  await ask({ inject: { start: 0, count: flows } });
  const read = (name: string, labels?: string) => metric(running.url, `mermin_${name}`, labels);
  await until("all flows to begin", async () => (await read("flow_spans_created_total")) === flows, {
    explain: running.output,
  });
  const received = await read("ringbuf_packets_total");
  expect(received).toBe(
    (await read("flow_spans_processed_total")) + (await read("flow_events_dropped_backpressure_total")),
  );
  // Events that the ring had no room for are counted by the kernel, and the scan finds their flows.
  await until("the losses", async () => received + (await read("kernel_packets_total", 'cause="ring_full"')) === flows);
  const { seconds } = (await ask({ stop: true })) as Stopped;
  console.log(`${flows} flows ended and exported in ${seconds.toFixed(1)} s; ${received} by their events`);
  expect({ spans, traces: traces.size }).toEqual({ spans: flows, traces: flows });
  expect(running.output()).not.toMatch(/fails|lost/);
  backend.close();
});
