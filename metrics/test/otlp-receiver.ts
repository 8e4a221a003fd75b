import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";

/** What a receiver got: where to, how much, and the header `x-key`. */
export interface Received {
  readonly url: string;
  readonly bytes: number;
  readonly header: string | undefined;
}

/** A receiver on this machine that notes what it gets. */
export async function receiver(
  status = 200,
): Promise<{ endpoint: string; got: Received[]; close: () => Promise<unknown> }> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      got.push({ url: request.url!, bytes, header: request.headers["x-key"] as string | undefined });
      response.statusCode = status;
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { endpoint, got, close };
}

/** The same for OTLP over gRPC: `url` is the method, and `status` gRPC's. */
export async function grpcReceiver(
  status = 0,
): Promise<{ endpoint: string; got: Received[]; close: () => Promise<unknown> }> {
  const got: Received[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server().listen(0, "127.0.0.1");
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on("end", () => {
      got.push({ url: headers[":path"]!, bytes, header: headers["x-key"] as string | undefined });
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
      // One empty response message, not compressed.
      stream.end(Buffer.alloc(5));
    });
  });
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { endpoint, got, close };
}
