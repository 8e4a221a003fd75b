import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decodeSpans } from "../once/decode-span.ts";
import { Batches } from "./batch.ts";
import { Endpoint, type EndpointOptions, type LossCause } from "./endpoint.ts";
import { Exporter } from "./exporter.ts";
import { GrpcSender } from "./grpc-sender.ts";
import { HttpSender } from "./http-sender.ts";
import type { Outcome, Sender, SenderOptions } from "./sender.ts";
import { Doorbell, SpanChannel } from "./span-channel.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Backend {
  readonly url: string;
  requests(): number;
}

/** A backend on loopback that answers each request in turn. */
async function httpBackend(
  answers: ((request: IncomingMessage, response: ServerResponse) => void)[],
): Promise<Backend> {
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

interface GrpcAnswer {
  readonly message?: Uint8Array;
  readonly trailers: Record<string, string>;
}

/** The same by gRPC. */
async function grpcBackend(answers: GrpcAnswer[], onMessage?: (message: Buffer) => void): Promise<Backend> {
  let requests = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      onMessage?.(Buffer.concat(parts));
      const { message = new Uint8Array(), trailers } = answers[Math.min(requests++, answers.length - 1)]!;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(code, headers).end();

const senderOptions: Omit<SenderOptions, "url"> = {
  headers: {},
  compression: "none",
  timeoutMs: 60_000,
  tls: {},
  concurrency: 2,
};
const overHttp = (url: string) => new HttpSender({ ...senderOptions, url });
const overGrpc = (url: string) => new GrpcSender({ ...senderOptions, url });

function counting() {
  const counts = { exported: 0, lost: {} as Partial<Record<LossCause, number>>, failures: [] as string[] };
  const counter = {
    exported(spans: number) {
      counts.exported += spans;
    },
    lost(spans: number, cause: LossCause) {
      counts.lost[cause] = (counts.lost[cause] ?? 0) + spans;
    },
    failed: (why: string) => void counts.failures.push(why),
  };
  return { counts, counter };
}

/** Exports spans of two pollers to the end, and returns what each endpoint counted. */
async function exportSpans(
  spans: number,
  senders: readonly Sender[],
  options: Partial<EndpointOptions> & { maxSpans?: number; graceMs?: number } = {},
) {
  const { maxSpans = 100, graceMs = 60_000, ...rest } = options;
  const bell = new Doorbell();
  const channels = [0, 1].map(() => new SpanChannel(SpanChannel.create(1 << 16).buffer, bell));
  const counters = senders.map(() => counting());
  const endpoints = senders.map(
    (sender, index) =>
      new Endpoint(sender, { concurrency: 1, queue: 1, maxElapsedMs: 60_000, ...rest }, counters[index]!.counter),
  );
  const batches = new Batches({ a: "b" }, maxSpans);
  const exporter = new Exporter(channels, bell, endpoints, batches, { maxSpans, maxDelayMs: 10 }, () => {});
  for (let n = 0; n < spans; n++) channels[n % 2]!.offer(span(n));
  const running = exporter.run();
  exporter.stop(graceMs);
  await running;
  expect(exporter.waiting).toBe(0);
  for (const { inFlight } of endpoints) expect(inFlight).toBe(0);
  return counters.map(({ counts }) => counts);
}

/** A span whose identifier is a number, as a field of ScopeSpans. */
const span = (n: number): Uint8Array => Uint8Array.of(0x12, 10, 0x12, 8, 0, 0, 0, 0, 0, 0, n >> 8, n & 255);

describe("over HTTP", () => {
  test("a batch that the backend is too busy for is sent again", async () => {
    const soon = { "retry-after": "0" };
    const { url, requests } = await httpBackend([status(429, soon), status(503, soon), status(200)]);
    const [counts] = await exportSpans(5, [overHttp(url)]);
    expect(counts).toEqual({ exported: 5, lost: {}, failures: ["HTTP status 429", "HTTP status 503"] });
    expect(requests()).toBe(3);
  });

  test("a batch that the backend refuses is lost, and never sent again", async () => {
    // google.rpc.Status { message: "no" }
    const refusal = (_: IncomingMessage, response: ServerResponse) =>
      response.writeHead(400, { "content-type": "application/x-protobuf" }).end(Uint8Array.of(0x12, 2, 0x6e, 0x6f));
    const { url, requests } = await httpBackend([refusal]);
    const [counts] = await exportSpans(5, [overHttp(url)]);
    expect(counts).toEqual({ exported: 0, lost: { refused: 5 }, failures: ["HTTP status 400: no"] });
    expect(requests()).toBe(1);
  });

  test("spans that the backend rejects of a batch are lost, the others are not", async () => {
    const { url } = await httpBackend([(_, response) => response.writeHead(200).end(partialSuccess)]);
    expect((await exportSpans(5, [overHttp(url)]))[0]).toMatchObject({ exported: 3, lost: { rejected: 2 } });
  });

  test("a backend that cannot be reached costs the batch only when its time is up", async () => {
    const [counts] = await exportSpans(5, [overHttp("http://127.0.0.1:9")], { maxElapsedMs: 1_000 });
    expect(counts).toMatchObject({ exported: 0, lost: { unavailable: 5 } });
    expect(counts!.failures.length).toBeGreaterThan(1);
    expect(counts!.failures[0]).toMatch(/ECONNREFUSED/);
  });
});

/** ExportTraceServiceResponse { partial_success { rejected_spans: 2, error_message: "no" } } */
const partialSuccess = Uint8Array.of(0x0a, 6, 0x08, 2, 0x12, 2, 0x6e, 0x6f);

/** google.rpc.Status { details { type_url: ".../google.rpc.RetryInfo", value { retry_delay { nanos: 1 } } } } */
function retryInfo(): string {
  const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
  const value = [0x0a, 2, 0x10, 1];
  const any = [0x0a, type.length, ...type, 0x12, value.length, ...value];
  return Buffer.from([0x08, 8, 0x1a, any.length, ...any]).toString("base64");
}

describe("over gRPC", () => {
  const ok: GrpcAnswer = { trailers: { "grpc-status": "0" } };

  test("a batch is sent again when the backend is unavailable, or exhausted for a time that it names", async () => {
    const { url, requests } = await grpcBackend([
      { trailers: { "grpc-status": "14", "grpc-message": "try%20later" } },
      { trailers: { "grpc-status": "8", "grpc-status-details-bin": retryInfo() } },
      ok,
    ]);
    const [counts] = await exportSpans(5, [overGrpc(url)]);
    const failures = ["gRPC status UNAVAILABLE: try later", "gRPC status RESOURCE_EXHAUSTED"];
    expect(counts).toEqual({ exported: 5, lost: {}, failures });
    expect(requests()).toBe(3);
  });

  test.each([
    ["3", "INVALID_ARGUMENT"],
    ["8", "RESOURCE_EXHAUSTED"],
    ["16", "UNAUTHENTICATED"],
  ])("status %s (%s) is final", async (code, name) => {
    const { url, requests } = await grpcBackend([{ trailers: { "grpc-status": code } }]);
    const failures = [`gRPC status ${name}`];
    expect((await exportSpans(5, [overGrpc(url)]))[0]).toEqual({ exported: 0, lost: { refused: 5 }, failures });
    expect(requests()).toBe(1);
  });

  test("spans that the backend rejects of a batch are lost, the others are not", async () => {
    const { url } = await grpcBackend([{ ...ok, message: partialSuccess }]);
    expect((await exportSpans(5, [overGrpc(url)]))[0]).toMatchObject({ exported: 3, lost: { rejected: 2 } });
  });

  test.each(["none", "gzip", "zstd"] as const)("messages arrive whole with compression %s", async (compression) => {
    const messages: Buffer[] = [];
    const { url } = await grpcBackend([ok], (message) => messages.push(message));
    const sender = new GrpcSender({ ...senderOptions, url, compression });
    expect((await exportSpans(300, [sender], { maxSpans: 70, queue: 9 }))[0]).toMatchObject({ exported: 300 });
    const decompress = { none: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync }[compression];
    const ids = messages.flatMap((message) => {
      expect(message.readUInt32BE(1)).toBe(message.length - 5);
      return [...decodeSpans(decompress(message.subarray(5)))].map(({ spanId }) => Number(`0x${spanId}`));
    });
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  test("a connection that the backend closes, or that cannot be made, is made again", async () => {
    const { url } = await grpcBackend([ok]);
    const sender = overGrpc(url);
    const signal = new AbortController().signal;
    const accepted: Outcome = { kind: "accepted", rejected: 0 };
    expect(await sender.send(new Uint8Array(), signal)).toEqual(accepted);
    for (const close of closers.splice(0)) close();
    const outcome = await sender.send(new Uint8Array(), signal);
    expect(outcome.kind).toBe("retry");
    expect(await overGrpc("http://127.0.0.1:9").send(new Uint8Array(), signal)).toMatchObject({
      kind: "retry",
      why: expect.stringMatching(/ECONNREFUSED/),
    });
    sender.close();
  });
});

test("an endpoint that does not answer loses its own spans, and holds up no other", async () => {
  const { url, requests } = await httpBackend([status(200)]);
  const silent: Sender = {
    send: (_, signal) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve({ kind: "retry", why: "it was stopped" })),
      ),
    close: () => {},
  };
  const [healthy, stuck] = await exportSpans(50, [overHttp(url), silent], { maxSpans: 5, queue: 2, graceMs: 3_000 });
  expect(healthy).toEqual({ exported: 50, lost: {}, failures: [] });
  expect(requests()).toBe(10);
  // One batch was being sent and two waited.
  expect(stuck).toEqual({ exported: 0, lost: { queue_full: 35, shutdown: 15 }, failures: [] });
});

test("a step of the clock, forward or back, gives up no batch", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  closers.push(() => void vi.useRealTimers());
  const steps = [86_400_000, -172_800_000, 86_400_000];
  const { url, requests } = await httpBackend([
    ...steps.map((step) => (_: IncomingMessage, response: ServerResponse) => {
      vi.setSystemTime(Date.now() + step);
      response.writeHead(503).end();
    }),
    status(200),
  ]);
  expect((await exportSpans(5, [overHttp(url)]))[0]).toMatchObject({ exported: 5, lost: {} });
  expect(requests()).toBe(4);
});
