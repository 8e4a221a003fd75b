import { once } from "node:events";
import { createServer } from "node:http";
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
