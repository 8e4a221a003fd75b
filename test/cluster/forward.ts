import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Daemon, Place } from "./daemon.ts";

/** A port of this machine's loopback interface that leads into the cluster's network. */
export interface Forward {
  readonly port: number;
  close(): void;
}

/** The way from this machine into the network of another: no link, no route, one file. */
export interface Tunnel {
  readonly daemon: Daemon;
  /** Leads a free loopback port to `host:port` as the other machine sees it. */
  forward(target: string): Promise<Forward>;
}

/**
 * Opens a tunnel. A Unix socket is a file, and so reaches across network namespaces: one end listens on loopback here, the
 * other (this same module, run in `place`) reads the target's address on the first line and connects to it there.
 */
export function openTunnel(place: Place, directory: string): Tunnel {
  const path = join(directory, "tunnel.sock");
  return {
    daemon: place.start("tunnel", process.execPath, [import.meta.filename, path]),
    async forward(target) {
      const server = createServer((socket) => {
        const far = connect(path);
        far.write(`${target}\n`);
        splice(socket, far);
      });
      // What a test leaves open must not keep its process from ending.
      server.unref();
      await once(server.listen(0, "127.0.0.1"), "listening");
      return { port: (server.address() as AddressInfo).port, close: () => server.close() };
    },
  };
}

/** Makes two sockets one connection: data and the end of it, in both directions. */
function splice(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

/** The far end. */
function listen(path: string): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\n");
      if (end < 0) return;
      socket.off("data", read);
      socket.pause();
      const target = head.subarray(0, end).toString();
      const colon = target.lastIndexOf(":");
      const far = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)), allowHalfOpen: true });
      far.write(head.subarray(end + 1));
      splice(socket, far);
    };
    socket.on("data", read);
    socket.on("error", () => socket.destroy());
  }).listen(path);
}

if (import.meta.main) listen(process.argv[2]!);
