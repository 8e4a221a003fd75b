import * as http from "node:http";
import * as https from "node:https";
import { compress } from "./compress.ts";
import { bearer, type LoadedTls, TlsFiles } from "./credentials.ts";
import { MOST_RESPONSE_BYTES, rejectedSpans, retryAfterMs, statusMessage } from "./response.ts";
import { failedAttempt, type Outcome, type Sender, type SenderOptions } from "./sender.ts";

/** Status codes that a client may retry: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const retried: ReadonlySet<number> = new Set([429, 502, 503, 504]);

interface Response {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Sends export requests by OTLP over HTTP, as protobuf. */
export class HttpSender implements Sender {
  readonly #options: SenderOptions;
  readonly #url: URL;
  readonly #tls: TlsFiles;
  #agent: http.Agent | undefined;
  #loaded: LoadedTls | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    if (this.#url.pathname === "/") this.#url.pathname = "/v1/traces";
    this.#tls = new TlsFiles(options.tls);
  }

  async send(request: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { compression, timeoutMs } = this.#options;
    try {
      const body = await compress(request, compression);
      const {
        status,
        headers,
        body: answer,
      } = await this.#post(body, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      if (status >= 200 && status < 300) return { kind: "accepted", rejected: rejectedSpans(answer) };
      const message = headers["content-type"]?.startsWith("application/x-protobuf") ? statusMessage(answer) : "";
      const why = `HTTP status ${status}${message && `: ${message}`}`;
      if (!retried.has(status)) return { kind: "refused", why };
      const afterMs = retryAfterMs(headers["retry-after"]);
      return { kind: "retry", why, ...(afterMs !== undefined && { afterMs }) };
    } catch (error) {
      return failedAttempt(error);
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  #post(body: Uint8Array, signal: AbortSignal): Promise<Response> {
    const { headers, compression } = this.#options;
    const options: http.RequestOptions = {
      method: "POST",
      agent: this.#connections(),
      signal,
      headers: {
        "content-type": "application/x-protobuf",
        "content-length": body.length,
        ...(compression !== "none" && { "content-encoding": compression }),
        ...bearer(this.#options),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const request = (this.#url.protocol === "https:" ? https : http).request(this.#url, options, (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes <= MOST_RESPONSE_BYTES) parts.push(part);
        });
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      });
      request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
      request.end(body);
    });
  }

  /** Kept connections; new ones when the TLS files have changed. */
  #connections(): http.Agent {
    const loaded = this.#tls.current();
    if (this.#agent && loaded === this.#loaded) return this.#agent;
    const old = this.#agent;
    const kept = { keepAlive: true, maxSockets: this.#options.concurrency };
    this.#agent = this.#url.protocol === "https:" ? new https.Agent({ ...kept, ...loaded }) : new http.Agent(kept);
    this.#loaded = loaded;
    // Requests under way end on the old connections.
    for (const sockets of Object.values(old?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
    return this.#agent;
  }
}
