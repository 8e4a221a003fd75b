/** The agent as it ships, as a process of its own: real traffic between namespaces, the real collector, and the spans that arrive. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { builtAddon } from "./harness.ts";
import { addresses, type Routed, routed } from "./netns.ts";
import { ETHERNET } from "./watch.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-agent-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => void builtAddon());

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** Spans by attribute, as the collector gives them out again. */
async function sink(host: string) {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      for (const { scopeSpans } of JSON.parse(Buffer.concat(parts).toString()).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  server.listen(4318, host);
  await once(server, "listening");
  return { spans, close: () => server.close() };
}

const attributesOf = (span: Span): Record<string, string | number> =>
  Object.fromEntries(
    span.attributes.map(({ key, value }) => [
      key,
      value.stringValue !== undefined ? String(value.stringValue) : Number(value.intValue ?? Number.NaN),
    ]),
  );

/** A collector that takes spans on one address and hands them on to another. */
async function collector(host: string, backend: string): Promise<RunningProgram> {
  const file = join(folder, "collector.yaml");
  writeFileSync(
    file,
    stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `${host}:4318` } } } },
      exporters: { "otlp_http/sink": { endpoint: `http://${backend}:4318`, encoding: "json", compression: "none" } },
      extensions: { health_check: { endpoint: `${host}:13133` } },
      service: {
        extensions: ["health_check"],
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: { receivers: ["otlp"], exporters: ["otlp_http/sink"] } },
      },
    }),
  );
  const program = start("otelcol", [`--config=${file}`]);
  await ready(program, `http://${host}:13133/`);
  return program;
}

interface RunningAgent {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  stop(): Promise<number>;
}

async function agent(netns: string, config: object): Promise<RunningAgent> {
  const file = join(folder, "agent.yaml");
  writeFileSync(file, stringify({ server: { port: 0 }, ...config }));
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const args = ["--conditions=skopos-source", main, "--config", file, "--netns", netns];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += chunk));
  const url = await until(
    "the agent",
    () => {
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
      return /metrics at (\S+)\/metrics/.exec(text)?.[1];
    },
    { explain: () => text },
  );
  await until("the agent to be ready", async () => (await fetch(`${url}/readyz`)).ok, { explain: () => text });
  return {
    child,
    url,
    output: () => text,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const [code] = (await exited) as [number];
      return code;
    },
  };
}

/** Sum of a metric's series, of those that `labels` names. */
async function metric(url: string, name: string, labels = ""): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const wanted = lines.filter((line) => line.includes(labels));
  return wanted.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

const quick = {
  flows: {
    pollInterval: "200ms",
    recordInterval: "1s",
    timeouts: { tcp: "3s", tcpFin: "500ms", tcpRst: "500ms", udp: "1s", icmp: "500ms", generic: "1s" },
  },
  pollers: { count: 3 },
};

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

const sum = (spans: readonly Span[], name: string) =>
  spans.reduce((total, span) => total + Number(attributesOf(span)[name] ?? 0), 0);

/** Waits until so many flows have begun and ended and every span is at the backend or lost, and returns the counters by name. */
async function settledCounts(url: string, flows: number): Promise<Record<string, number>> {
  const read = async (name: string, labels?: string) => metric(url, `mermin_${name}`, labels);
  await until("all flows to begin", async () => (await read("flow_spans_created_total")) >= flows);
  await until("all flows to end", async () => (await read("flow_spans_active")) === 0);
  await until("all spans to leave", async () => {
    const sent = await read("flow_spans_sent_to_exporter_total");
    return sent > 0 && sent === (await read("export_spans_total")) + (await read("export_spans_lost_total"));
  });
  return {
    received: await read("ringbuf_packets_total"),
    eventsDropped: await read("flow_events_dropped_backpressure_total"),
    processed: await read("flow_spans_processed_total"),
    invalid: await read("flow_events_invalid_total"),
    created: await read("flow_spans_created_total"),
    veth: await read("flow_spans_created_total", 'interface="veth"'),
    recorded: await read("flow_spans_recorded_total"),
    sent: await read("flow_spans_sent_to_exporter_total"),
    deferred: await read("flow_spans_deferred_total"),
    dropped: await read("flow_spans_dropped_export_failure_total"),
    exported: await read("export_spans_total"),
    lost: await read("export_spans_lost_total"),
    unfinished: await read("flow_spans_unfinished_total"),
  };
}

function expectConservation(counts: Record<string, number>): void {
  expect(counts.received).toBe(counts.processed! + counts.invalid! + counts.eventsDropped!);
  expect(counts.recorded).toBe(counts.sent! + counts.deferred! + counts.dropped!);
  expect(counts.sent).toBe(counts.exported! + counts.lost!);
  expect(counts.unfinished).toBe(0);
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
