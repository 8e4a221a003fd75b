import { createServer, request as forward } from "node:http";
import { connect } from "node:net";

/** An HTTP proxy that knows where the hosts of a test are: they exist nowhere else. */
export interface HttpProxyServer {
  readonly url: string;
  /** `CONNECT host:port` and `POST http://host/path`, in the order of the requests. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts a proxy that tunnels CONNECT and forwards requests for whole URLs.
 * @param places address of each host
 */
export async function httpProxy(address: string, places: Readonly<Record<string, string>>): Promise<HttpProxyServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const { hostname, port, pathname } = new URL(request.url ?? "");
    const host = places[hostname];
    if (!host) {
      response.writeHead(502).end();
      return;
    }
    const { method, headers } = request;
    const to = forward({ host, port: port || 80, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    to.on("error", () => response.writeHead(502).end());
    request.pipe(to);
  });
  server.on("connect", ({ url = "" }, client) => {
    requests.push(`CONNECT ${url}`);
    const { hostname, port } = new URL(`http://${url}`);
    const host = places[hostname];
    if (!host) {
      client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const target = connect({ host, port: Number(port) }, () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      client.pipe(target).pipe(client);
    });
    for (const socket of [client, target]) socket.on("error", () => [client, target].map((each) => each.destroy()));
  });
  await new Promise<void>((listening) => server.listen(3128, address, listening));
  return {
    url: `http://${address}:3128`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
