import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What became of a request. */
export type Outcome =
  /** Taken; `rejected` spans of it were not (partial success). */
  | { readonly kind: "taken"; readonly rejected: number }
  /** Worth another try, after a while where the backend says so. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  /** Never to be tried again. */
  | { readonly kind: "refused"; readonly why: string };

/** Where spans are sent, and how. */
export interface HttpSenderOptions {
  /** Such as http://127.0.0.1:4318; `/v1/traces` is added where it has no path. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** File with a bearer token, read anew for each request: tokens of service accounts are rotated. */
  readonly bearerTokenFile?: string | undefined;
  readonly compression: "none" | "gzip";
  readonly timeoutMs: number;
}

/** Status codes that OTLP lets a client retry: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const retried: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const compress = promisify(gzip);

/** Sends export requests by OTLP over HTTP, as protobuf. */
export class HttpSender {
  readonly #options: HttpSenderOptions;
  readonly #url: URL;

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#url = new URL(options.endpoint);
    if (this.#url.pathname === "/") this.#url.pathname = "/v1/traces";
  }

  async send(request: Uint8Array): Promise<Outcome> {
    const { compression, timeoutMs } = this.#options;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: this.#headers(),
        body: new Uint8Array(compression === "gzip" ? await compress(request) : request),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: "error",
      });
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.ok) return { kind: "taken", rejected: rejectedSpans(body) };
      const why = `HTTP status ${response.status}`;
      if (!retried.has(response.status)) return { kind: "refused", why };
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      return { kind: "retry", why, ...(seconds >= 0 && { afterMs: 1000 * seconds }) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { kind: "retry", why: cause instanceof Error ? cause.message || message : message };
    }
  }

  #headers(): Record<string, string> {
    const { headers, bearerTokenFile, compression } = this.#options;
    return {
      "content-type": "application/x-protobuf",
      ...(compression === "gzip" && { "content-encoding": "gzip" }),
      ...(bearerTokenFile && { authorization: `Bearer ${readFileSync(bearerTokenFile, "utf8").trim()}` }),
      ...headers,
    };
  }
}

/** `partial_success.rejected_spans` of an ExportTraceServiceResponse: field 1, in it field 1. */
function rejectedSpans(response: Uint8Array): number {
  if (response[0] !== 0x0a || response[2] !== 0x08) return 0;
  let value = 0;
  for (let at = 3, scale = 1; at < response.length; at++, scale *= 128) {
    value += (response[at]! & 127) * scale;
    if (response[at]! < 128) break;
  }
  return value;
}
