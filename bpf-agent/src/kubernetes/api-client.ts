import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { ApiAccess } from "./access.ts";

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  readonly status: number;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** How long a connection may be silent: bookmarks of a watch come once a minute, https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks */
const SILENCE_MS = 150_000;

/** Longest message of an error that is kept. */
const MESSAGE_CHARACTERS = 300;

/** Reads the Kubernetes API: GET requests only, JSON or a stream of JSON lines. Loading it costs 9 MB; see the README. */
export class ApiClient {
  readonly #access: ApiAccess;
  // Each watch keeps a connection of its own; the rest is for other requests.
  readonly #agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets: 16, maxFreeSockets: 1 });

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  async get<T>(path: string, accept: string, signal: AbortSignal): Promise<T> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#open(path, accept, signal)) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString()) as T;
  }

  /** Calls back for each line of a stream, parsed; resolves when the server ends it. */
  async stream<T>(path: string, accept: string, signal: AbortSignal, onLine: (value: T) => void): Promise<void> {
    let pending: Buffer[] = [];
    for await (const chunk of (await this.#open(path, accept, signal)) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        pending.push(chunk.subarray(start, end));
        start = end + 1;
        const line = Buffer.concat(pending).toString();
        pending = [];
        if (line !== "") onLine(JSON.parse(line) as T);
      }
      if (start < chunk.length) pending.push(chunk.subarray(start));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(path: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const token = this.#access.token();
    const call = request(new URL(path, this.#access.server), {
      agent: this.#agent,
      ...this.#access.tls(),
      signal,
      headers: { accept, "user-agent": "skopos-flow-agent", ...(token && { authorization: `Bearer ${token}` }) },
    });
    call.setTimeout(SILENCE_MS, () => call.destroy(new Error("the API server is silent")));
    call.on("error", reject);
    call.on("response", (response) => {
      if (response.statusCode === 200) return resolve(response);
      const retryAfter = Number(response.headers["retry-after"] ?? Number.NaN);
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const wait = retryAfter >= 0 ? 1000 * retryAfter : undefined;
        reject(new ApiError(response.statusCode ?? 0, messageOf(Buffer.concat(chunks).toString()), wait));
      });
    });
    call.end();
    return promise;
  }
}

/** The message of a `Status` object, or the text itself. */
function messageOf(body: string): string {
  let message = body;
  try {
    message = (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    // Not every error is a Status: a proxy may have answered.
  }
  return message.slice(0, MESSAGE_CHARACTERS);
}
