/** The senders against the real collector: both protocols with client certificates and tokens, each renewed while the sender runs. */
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { type RunningProgram, ready, start } from "../../test/data-plane/process.ts";
import { until } from "../../test/support/wait.ts";
import { type KeyPair, newAuthority } from "../../test/support/x509.ts";
import { Batches } from "../src/export/batch.ts";
import { GrpcSender } from "../src/export/grpc-sender.ts";
import { HttpSender } from "../src/export/http-sender.ts";
import { compressions, type Sender, type SenderOptions } from "../src/export/sender.ts";
import { ProtoWriter } from "../src/span/proto-writer.ts";

const folder = mkdtempSync(join(tmpdir(), "skopos-export-"));
const at = (name: string) => join(folder, name);
/** Replaces a file at once, as the kubelet does. */
function put(name: string, content: string): void {
  writeFileSync(at(`${name}.new`), content);
  renameSync(at(`${name}.new`), at(name));
}
const putPair = (name: string, { certificate, key }: KeyPair) => {
  put(`${name}.crt`, certificate);
  put(`${name}.key`, key);
};

const [host, backend] = ["127.0.54.1", "127.0.54.2"];
const authority = await newAuthority("collectors");
/** What arrived behind the collector: the span's identifier, and the token that it came with. */
const arrived: { readonly spanId: string; readonly token: string }[] = [];
let collector: RunningProgram;
const sink = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(parts).toString()).resourceSpans) {
      const token = resource.attributes.find(({ key }: { key: string }) => key === "token")?.value.stringValue ?? "";
      for (const { spans } of scopeSpans) for (const { spanId } of spans) arrived.push({ spanId, token });
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
});

beforeAll(async () => {
  sink.listen(4318, backend);
  await once(sink, "listening");
  put("ca.crt", authority.certificate);
  putPair("server", await authority.issue({ commonName: "collector", serves: [host] }));
  const tls = { cert_file: at("server.crt"), key_file: at("server.key"), client_ca_file: at("ca.crt") };
  const auth = { authenticator: "bearertokenauth" };
  const protocol = (port: number) => ({ endpoint: `${host}:${port}`, tls, include_metadata: true, auth });
  const token = { key: "token", from_context: "metadata.authorization", action: "upsert" };
  const file = at("collector.yaml");
  writeFileSync(
    file,
    stringify({
      receivers: { otlp: { protocols: { http: protocol(4318), grpc: protocol(4317) } } },
      processors: { resource: { attributes: [token] } },
      exporters: { "otlp_http/sink": { endpoint: `http://${backend}:4318`, encoding: "json", compression: "none" } },
      extensions: {
        health_check: { endpoint: `${host}:13133` },
        bearertokenauth: { tokens: ["first", "second"] },
      },
      service: {
        extensions: ["health_check", "bearertokenauth"],
        telemetry: { metrics: { level: "none" } },
        pipelines: { traces: { receivers: ["otlp"], processors: ["resource"], exporters: ["otlp_http/sink"] } },
      },
    }),
  );
  collector = start("otelcol", [`--config=${file}`]);
  await ready(collector, `http://${host}:13133/`);
});
afterAll(async () => {
  await collector?.stop();
  sink.close();
  rmSync(folder, { recursive: true });
});

let made = 0;

/** A request with one span, and its identifier. */
function request(): { bytes: Uint8Array; spanId: string } {
  made++;
  const writer = new ProtoWriter();
  writer.identifier(0x0a, Uint32Array.of(1, 2, 3, made));
  writer.identifier(0x12, Uint32Array.of(7, made));
  writer.field(0x2a, Buffer.from("flow_ipv4_tcp"));
  const batch = new Batches({ "service.name": "test" }, 1).take();
  batch.add(Buffer.from([0x12, writer.at, ...writer.bytes.subarray(0, writer.at)]));
  return { bytes: batch.request(), spanId: Buffer.from(Uint32Array.of(7, made).buffer).swap32().toString("hex") };
}

const options = (url: string, compression: SenderOptions["compression"]): SenderOptions => ({
  url,
  headers: {},
  bearerTokenFile: at("token"),
  compression,
  timeoutMs: 30_000,
  tls: { ca: at("ca.crt"), cert: at("client.crt"), key: at("client.key") },
  concurrency: 1,
});

const senders = {
  http: (compression: SenderOptions["compression"]) => new HttpSender(options(`https://${host}:4318`, compression)),
  grpc: (compression: SenderOptions["compression"]) => new GrpcSender(options(`https://${host}:4317`, compression)),
} as const;

/** Sends a span, and waits until it has arrived. @returns the token that it came with */
async function sent(sender: Sender): Promise<string> {
  const { bytes, spanId } = request();
  expect(await sender.send(bytes, new AbortController().signal)).toEqual({ kind: "accepted", rejected: 0 });
  return until("the span behind the collector", () => arrived.find((span) => span.spanId === spanId)?.token);
}

test.each(Object.entries(senders))("%s with a client certificate and a token, both renewed", async (_, make) => {
  const signal = new AbortController().signal;
  put("token", "first\n");
  putPair("client", await authority.issue({ commonName: "agent" }));
  for (const compression of compressions) {
    const sender = make(compression);
    expect(await sent(sender)).toBe("Bearer first");
    sender.close();
  }

  const sender = make("none");
  expect(await sent(sender)).toBe("Bearer first");
  put("token", "second\n");
  expect(await sent(sender)).toBe("Bearer second");

  put("token", "wrong\n");
  expect(await sender.send(request().bytes, signal)).toEqual({
    kind: "refused",
    why: expect.stringMatching(/^HTTP status 401|^gRPC status UNAUTHENTICATED/),
  });
  put("token", "second\n");

  // A certificate of another authority is rejected: the files are read again, and the open connection is not used any more.
  putPair("client", await (await newAuthority("stranger")).issue({ commonName: "agent" }));
  expect(await sender.send(request().bytes, signal)).toMatchObject({ kind: "retry" });
  putPair("client", await authority.issue({ commonName: "agent" }));
  expect(await sent(sender)).toBe("Bearer second");

  // A collector that restarts is found again.
  await collector.stop();
  expect(await sender.send(request().bytes, signal)).toMatchObject({ kind: "retry" });
  collector = start("otelcol", [`--config=${at("collector.yaml")}`]);
  await ready(collector, `http://${host}:13133/`);
  expect(await sent(sender)).toBe("Bearer second");

  rmSync(at("token"));
  expect(await sender.send(request().bytes, signal)).toMatchObject({
    kind: "retry",
    why: expect.stringMatching(/ENOENT/),
  });
  sender.close();
});

test.each([
  ["http", (tls: SenderOptions["tls"]) => new HttpSender({ ...options(`https://${host}:4318`, "none"), tls })],
  ["grpc", (tls: SenderOptions["tls"]) => new GrpcSender({ ...options(`https://${host}:4317`, "none"), tls })],
])("%s names what is wrong with the server's certificate, and sends it nothing", async (_, make) => {
  put("token", "secret");
  const before = arrived.length;
  const signal = new AbortController().signal;
  const unknown = make({});
  expect(await unknown.send(request().bytes, signal)).toMatchObject({
    kind: "retry",
    why: expect.stringMatching(/certificate/),
  });
  const other = make({ ca: at("ca.crt"), serverName: "gateway.example.com" });
  expect(await other.send(request().bytes, signal)).toMatchObject({
    kind: "retry",
    why: expect.stringMatching(/gateway\.example\.com/),
  });
  for (const sender of [unknown, other]) sender.close();
  expect(arrived.length).toBe(before);
});
