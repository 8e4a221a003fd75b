import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sampleNames } from "../definition/sample-names.ts";
import { mistake, throwIfAny } from "../errors.ts";
import { acceptsGzip, negotiate } from "../exposition/negotiate.ts";
import type { Registry } from "../registry/registry.ts";
import { type AuthOptions, authenticator, challenge } from "./auth.ts";
import { checkOptions } from "./check.ts";
import { limitConnections } from "./connections.ts";
import { type HealthCheck, type HealthOptions, type HealthReport, probeOf, runChecks } from "./health.ts";
import { Scraper } from "./scraper.ts";

export interface ServeOptions {
  /** @default "127.0.0.1": metrics tell much about a service, so the network has to be asked for */
  readonly host?: string;
  /** 0 takes any free port. @default 9464, OpenTelemetry's for Prometheus exporters */
  readonly port?: number;
  /** Where metrics are, and below it the groups. @default "/metrics" */
  readonly path?: string;
  /** PEM. With `ca`, clients must show a certificate of it (mTLS), for `/health` too. @default plain HTTP */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer; readonly ca?: string | Buffer };
  /** For the metrics; `/health` is open to the kubelet. @default none */
  readonly auth?: AuthOptions;
  readonly health?: HealthOptions;
  /** Longest time from a request's first byte to the response's last. @default 10000 */
  readonly requestTimeoutMs?: number;
  /** Scrapes in progress, beyond which the answer is 503. Health checks are answered beside them. @default 16 */
  readonly maxConcurrent?: number;
  /**
   * Open connections. One more takes the place of the one that has been silent for longest, so that clients which hold theirs do not
   * keep health checks out. At least twice `maxConcurrent`. @default 128
   */
  readonly maxConnections?: number;
  /** Told what went wrong in a collector or health check. @default ignored: the scrape shows it */
  readonly onError?: (error: unknown) => void;
}

/** A running server. */
export interface MetricsServer extends AsyncDisposable {
  /** Where it listens, e.g. `http://127.0.0.1:9464`. */
  readonly url: string;
  readonly port: number;
  /** Closes it and every connection. */
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const plain = (status: number, text: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body: `${text}\n`,
});

/** Smaller bodies cost more to compress than to send. */
const GZIP_FROM_BYTES = 1024;

class Endpoints {
  readonly #registry: Registry;
  readonly #options: ServeOptions;
  readonly #path: string;
  readonly #scraper: Scraper;
  readonly #allowed: ReturnType<typeof authenticator>;
  readonly #timeoutMs: number;
  readonly #onError: (error: unknown) => void;
  /** Checks in progress, so that any number of requests run each once. */
  readonly #reports = new Map<string, Promise<HealthReport>>();

  constructor(registry: Registry, options: ServeOptions, timeoutMs: number) {
    this.#registry = registry;
    this.#options = options;
    this.#path = options.path ?? "/metrics";
    this.#timeoutMs = timeoutMs;
    this.#onError = options.onError ?? (() => {});
    // Half of a request's time, so that a collector that hangs leaves time to answer.
    this.#scraper = new Scraper(registry, timeoutMs / 2, this.#onError);
    this.#allowed = authenticator(options.auth);
  }

  async reply(request: IncomingMessage): Promise<Reply> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      // Closed, so that nobody waits for the rest of a body that is not wanted.
      return plain(405, "use GET", { allow: "GET, HEAD", connection: "close" });
    }
    const url = URL.parse(request.url ?? "", "http://localhost");
    if (url === null) return plain(400, "the URL cannot be read");
    const { pathname } = url;
    const health = this.#options.health ?? {};
    const probe = probeOf(pathname, health.paths);
    if (probe) return this.#health(probe, health[probe] ?? {});
    if (pathname === "/health") return this.#health("all", { ...this.#own, ...health.live, ...health.ready });
    if (pathname === this.#path) return this.#metrics(request, url, "");
    const group = pathname.startsWith(`${this.#path}/`) ? pathname.slice(this.#path.length + 1) : "";
    if (group !== "" && this.#hasGroup(group)) return this.#metrics(request, url, group);
    return plain(404, `there is ${this.#path} and /health`);
  }

  /** Not among those that the kubelet asks for: to start again or to send no traffic helps nobody. */
  readonly #own: Readonly<Record<string, HealthCheck>> = {
    metrics_memory: () => !this.#registry.isMemoryExhausted,
  };

  #hasGroup(group: string): boolean {
    return this.#registry.read(({ families }) => families.some(({ definition }) => definition.group === group));
  }

  async #health(key: string, checks: Readonly<Record<string, HealthCheck>>): Promise<Reply> {
    let running = this.#reports.get(key);
    if (running === undefined) {
      running = runChecks(checks, this.#timeoutMs / 2, this.#onError).finally(() => this.#reports.delete(key));
      this.#reports.set(key, running);
    }
    const report = await running;
    const headers = { "content-type": "application/json; charset=utf-8" };
    return { status: report.status === "ok" ? 200 : 503, headers, body: `${JSON.stringify(report)}\n` };
  }

  async #metrics(request: IncomingMessage, url: URL, group: string): Promise<Reply> {
    if (this.#allowed && !this.#allowed(request.headers.authorization)) {
      return plain(401, "not allowed", { "www-authenticate": challenge(this.#options.auth!) });
    }
    const names = new Set(url.searchParams.getAll("name[]"));
    const format = negotiate(request.headers.accept);
    const body = await this.#scraper.scrape({
      format,
      key: JSON.stringify([group, [...names].sort()]),
      filter: ({ definition }) =>
        (group === "" || definition.group === group) &&
        (names.size === 0 || sampleNames(definition).some((sample) => names.has(sample))),
    });
    const headers = { "content-type": format.contentType, vary: "Accept, Accept-Encoding, Authorization" };
    if (body.length < GZIP_FROM_BYTES || !acceptsGzip(header(request, "accept-encoding")))
      return { status: 200, headers, body };
    return {
      status: 200,
      headers: { ...headers, "content-encoding": "gzip" },
      body: await this.#scraper.compress(body),
    };
  }
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
};

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Of a `TLSSocket`; Node.js's types leave it out. */
interface TlsState {
  readonly secureConnecting: boolean;
}

/** How long a client that sent nonsense may take to read that it did. */
const GOODBYE_MS = 1000;

const isHealthPath = (url = "", paths: HealthOptions["paths"]): boolean => {
  const [pathname = ""] = url.split("?", 1);
  return pathname === "/health" || pathname.startsWith("/health/") || probeOf(pathname, paths) !== undefined;
};

/**
 * Serves `GET /metrics` (all formats, by Accept), `/metrics/<group>` and `/health`, `/health/live`, `/health/ready`,
 * `/health/startup`. In a cluster each process needs a port of its own.
 * @throws MetricsError with every wrong option, or SERVER_LISTEN when the address cannot be taken
 */
export async function serve(registry: Registry, options: ServeOptions = {}): Promise<MetricsServer> {
  throwIfAny(checkOptions(options));
  const { host = "127.0.0.1", port = 9464, tls, requestTimeoutMs = 10_000, maxConcurrent = 16 } = options;
  const endpoints = new Endpoints(registry, options, requestTimeoutMs);
  let inProgress = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const isScrape = !isHealthPath(request.url, options.health?.paths);
    if (isScrape && inProgress >= maxConcurrent) {
      send(request, response, plain(503, "too many scrapes at once", { "retry-after": "1", connection: "close" }));
      return;
    }
    if (isScrape) inProgress++;
    // A client that reads slowly keeps its own connection busy, until its time is over; nothing else waits for it.
    const timer = setTimeout(() => request.socket.destroy(), requestTimeoutMs);
    response.once("close", () => {
      clearTimeout(timer);
      if (isScrape) inProgress--;
    });
    endpoints.reply(request).then(
      (reply) => send(request, response, reply),
      (error: unknown) => {
        options.onError?.(error);
        send(request, response, plain(500, "the metrics could not be rendered"));
      },
    );
  };
  const server = await createServer(tls, requestTimeoutMs, handle);
  limitConnections(server, options.maxConnections ?? 128);
  server.on("clientError", (_error, socket) => {
    // Not ended only: a client that keeps its side open would keep the connection. Before the TLS handshake is done, nothing can be
    // said, and when nothing is taken in, it is not waited for.
    if (socket.writable && !(socket as Partial<TlsState>).secureConnecting) {
      socket.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", () =>
        socket.destroy(),
      );
      setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    } else socket.destroy();
  });
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  const shown = host.includes(":") ? `[${host}]` : host;
  return { url: `${tls ? "https" : "http"}://${shown}:${bound}`, port: bound, close, [Symbol.asyncDispose]: close };
}

/** Imports the server's modules only here: in each worker thread that records metrics, and serves none, they would take 4 MB. */
async function createServer(
  tls: ServeOptions["tls"],
  timeoutMs: number,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const limits = {
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    keepAliveTimeout: Math.min(timeoutMs, 5000),
    // Node looks for half-open requests every 30 s unless told: a client could stay four times as long as it may.
    connectionsCheckingInterval: Math.ceil(timeoutMs / 4),
  };
  const verifiesClients = tls?.ca !== undefined;
  const server = tls
    ? (await import("node:https")).createServer(
        {
          ...tls,
          ...limits,
          handshakeTimeout: timeoutMs,
          requestCert: verifiesClients,
          rejectUnauthorized: verifiesClients,
        },
        handle,
      )
    : (await import("node:http")).createServer(limits, handle);
  // Neither end has said anything for so long, whatever state the connection is in.
  server.setTimeout(timeoutMs);
  return server;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const fix = "Choose another port, or stop what holds it.";
      reject(mistake("SERVER_LISTEN", "serve", `${host}:${port} cannot be taken (${error.message}).`, fix));
    });
    // In a cluster, a port that is not exclusive is shared: each scrape would be answered by another process.
    server.listen({ port, host, exclusive: true }, () => resolve());
  });
}
