/** Sockets inside a namespace, driven over IPC: the same file is the parent's handle and the child's program. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket as Datagram } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";

/** Longest time that an answer takes on a very busy machine, in milliseconds. */
const ANSWER_MS = 10_000;

/** What a TCP server does with a connection once the client has sent everything. */
export type Farewell = "end" | "reset" | "hold";

interface Operations {
  /** Answers each datagram with one of `reply` bytes. */
  udpEcho(options: { address: string; port: number; reply: number }): Promise<number>;
  /** Sends `count` datagrams one after another, each after the answer to the one before; returns bytes received. */
  udpSend(options: {
    address: string;
    port: number;
    from: number;
    bind?: string;
    count: number;
    size: number;
    /** What each begins with, in hexadecimal. */
    payload?: string;
  }): Promise<number>;
  /** Takes connections, counts what comes and answers the whole with `reply` bytes. */
  tcpServe(options: {
    address: string;
    port: number;
    request: number;
    reply: number;
    farewell: Farewell;
  }): Promise<number>;
  /** Takes one connection and throws away what comes. */
  tcpSink(options: { address: string; port: number }): Promise<number>;
  /** Sends as fast as it goes for so many seconds; returns bytes sent. */
  tcpFlood(options: { address: string; port: number; seconds: number }): Promise<number>;
  /** Sends `size` bytes, waits `idleMs` halfway, half-closes and reads the rest; returns bytes received. */
  tcpSend(options: {
    address: string;
    port: number;
    size: number;
    idleMs: number;
    halfClose: boolean;
  }): Promise<number>;
}

export class Peer {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `ip netns exec` becomes the program it runs. */
  get pid(): number {
    return this.#child.pid!;
  }

  async call<K extends keyof Operations>(operation: K, options: Parameters<Operations[K]>[0]): Promise<number> {
    const answer = once(this.#child, "message");
    this.#child.send({ operation, options });
    const [{ result, error }] = (await answer) as [{ result: number; error?: string }];
    if (error) throw new Error(`${operation}: ${error}`);
    return result;
  }

  /** Ends the process; its sockets are closed then. Stopping twice is allowed. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
  }
}

export async function startPeer(namespace: string): Promise<Peer> {
  const args = ["netns", "exec", namespace, process.execPath, fileURLToPath(import.meta.url)];
  const child = spawn("ip", args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
  return new Peer(child);
}

const family = (address: string) => (address.includes(":") ? "udp6" : "udp4");

async function bound(address: string, port: number): Promise<Datagram> {
  const socket = createSocket(family(address));
  socket.bind(port, address);
  await once(socket, "listening");
  return socket;
}

const operations: Operations = {
  async udpEcho({ address, port, reply }) {
    const socket = await bound(address, port);
    socket.on("message", (_, from) => socket.send(Buffer.alloc(reply), from.port, from.address));
    return 0;
  },

  async udpSend({
    address,
    port,
    from,
    bind = family(address) === "udp6" ? "::" : "0.0.0.0",
    count,
    size,
    payload = "",
  }) {
    using stack = new DisposableStack();
    const socket = await bound(bind, from);
    stack.defer(() => socket.close());
    const datagram = Buffer.concat([Buffer.from(payload, "hex"), Buffer.alloc(size - payload.length / 2)]);
    let received = 0;
    for (let i = 0; i < count; i++) {
      socket.send(datagram, port, address);
      // A lost datagram is an error, and no reason to wait for ever.
      const signal = AbortSignal.timeout(ANSWER_MS);
      const [message] = (await once(socket, "message", { signal })) as [Buffer];
      received += message.length;
    }
    return received;
  },

  async tcpServe({ address, port, request, reply, farewell }) {
    const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
      let missing = request;
      socket.on("error", () => socket.destroy());
      socket.on("data", ({ length }) => {
        missing -= length;
        if (missing > 0) return;
        socket.write(Buffer.alloc(reply), () => {
          if (farewell === "end") socket.end();
          if (farewell === "reset") setTimeout(() => socket.resetAndDestroy(), 100);
        });
      });
    });
    server.listen(port, address);
    await once(server, "listening");
    return 0;
  },

  async tcpSink({ address, port }) {
    const server = createServer((socket) => {
      socket.resume();
      server.close();
    });
    server.listen(port, address);
    await once(server, "listening");
    return 0;
  },

  async tcpFlood({ address, port, seconds }) {
    const socket = connect({ host: address, port });
    await once(socket, "connect");
    const chunk = Buffer.alloc(1 << 18);
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) if (!socket.write(chunk)) await once(socket, "drain");
    const sent = socket.bytesWritten - socket.writableLength;
    socket.destroy();
    return sent;
  },

  async tcpSend({ address, port, size, idleMs, halfClose }) {
    const socket = connect({ host: address, port, allowHalfOpen: halfClose, noDelay: true });
    let received = 0;
    socket.on("data", ({ length }) => {
      received += length;
    });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(Buffer.alloc(size / 2));
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    socket.write(Buffer.alloc(size / 2));
    if (halfClose) socket.end();
    await new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
    socket.destroy();
    return received;
  },
};

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  process.on("message", async ({ operation, options }: { operation: keyof Operations; options: never }) => {
    try {
      process.send!({ result: await operations[operation](options) });
    } catch (error) {
      process.send!({ error: (error as Error).message });
    }
  });
  process.send({ result: 0 });
}
