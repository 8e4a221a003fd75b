import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type ExportCounts, Exporter, type LossCause } from "./exporter.ts";
import { HttpSender } from "./http-sender.ts";
import { RequestBuilder } from "./request.ts";
import { SpanChannel } from "./span-channel.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A backend on loopback that answers each request in turn. */
async function backend(answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answers[Math.min(requests++, answers.length - 1)]!(request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(code, headers).end();

/** Exports five spans of two pollers to the end, and returns what was counted. */
async function exportFive(endpoint: string, maxElapsedMs = 60_000) {
  const channels = [SpanChannel.create(4096), SpanChannel.create(4096)];
  for (let n = 0; n < 5; n++) channels[n % 2]!.offer(Uint8Array.of(0x12, 1, n));
  const counts = { exported: 0, lost: {} as Partial<Record<LossCause, number>>, failures: [] as string[] };
  const counting: ExportCounts = {
    exported: (spans) => (counts.exported += spans),
    lost: (spans, cause) => (counts.lost[cause] = (counts.lost[cause] ?? 0) + spans),
    batch: () => {},
    failed: (why) => counts.failures.push(why),
  };
  const sender = new HttpSender({ endpoint, headers: {}, compression: "gzip", timeoutMs: 60_000 });
  const options = { maxSpans: 100, maxDelayMs: 10, concurrency: 2, maxElapsedMs };
  const exporter = new Exporter(channels, sender, new RequestBuilder({ a: "b" }), options, counting);
  const running = exporter.run();
  exporter.stop(maxElapsedMs);
  await running;
  expect(exporter.inFlight).toBe(0);
  return counts;
}

test("a batch that the backend is too busy for is sent again", async () => {
  const { endpoint, requests } = await backend([
    status(429, { "retry-after": "0" }),
    status(503, { "retry-after": "0" }),
    status(200),
  ]);
  const counts = await exportFive(endpoint);
  expect(counts).toEqual({ exported: 5, lost: {}, failures: ["HTTP status 429", "HTTP status 503"] });
  expect(requests()).toBe(3);
});

test("a batch that the backend refuses is lost, and never sent again", async () => {
  const { endpoint, requests } = await backend([status(400)]);
  expect(await exportFive(endpoint)).toMatchObject({ exported: 0, lost: { refused: 5 } });
  expect(requests()).toBe(1);
});

test("spans that the backend rejects of a batch are lost, the others are not", async () => {
  // ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "no" } }
  const partial = Uint8Array.of(0x0a, 6, 0x08, 2, 0x12, 2, 0x6e, 0x6f);
  const { endpoint } = await backend([(_, response) => response.writeHead(200).end(partial)]);
  expect(await exportFive(endpoint)).toMatchObject({ exported: 3, lost: { rejected: 2 } });
});

test("a backend that cannot be reached costs the batch only when its time is up", async () => {
  const counts = await exportFive("http://127.0.0.1:9", 1_000);
  expect(counts).toMatchObject({ exported: 0, lost: { shutdown: 5 } });
  expect(counts.failures.length).toBeGreaterThan(1);
});
