import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Over TLS, a request's socket is another object than the connection's: both have these. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/**
 * Keeps a server at `most` connections: one more takes the place of the one that has been without a request for longest. Were new
 * ones refused instead, clients that hold theirs open would keep everybody else out, the kubelet included.
 */
export function limitConnections(server: Server, most: number): void {
  /** Without a request at present, in the order in which that began. */
  const idle = new Map<string, Socket>();
  let open = 0;
  server.on("connection", (socket: Socket) => {
    const key = keyOf(socket);
    open++;
    idle.set(key, socket);
    socket.once("close", () => {
      open--;
      if (idle.get(key) === socket) idle.delete(key);
    });
    if (open <= most) return;
    const [longest] = idle.values();
    longest?.destroy();
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const key = keyOf(request.socket);
    const socket = idle.get(key);
    idle.delete(key);
    response.once("close", () => {
      if (socket && !socket.destroyed) idle.set(key, socket);
    });
  });
}
