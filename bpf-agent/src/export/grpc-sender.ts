import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { compress } from "./compress.ts";
import { bearer, type LoadedTls, TlsFiles } from "./credentials.ts";
import { MOST_RESPONSE_BYTES, oneLine, rejectedSpans, retryDelayMs } from "./response.ts";
import { failedAttempt, type Outcome, type Sender, type SenderOptions } from "./sender.ts";

const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** Bytes before a gRPC message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const statusNames: Readonly<Record<number, string>> = {
  1: "CANCELLED",
  2: "UNKNOWN",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  6: "ALREADY_EXISTS",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  10: "ABORTED",
  11: "OUT_OF_RANGE",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  15: "DATA_LOSS",
  16: "UNAUTHENTICATED",
};
const [OK, RESOURCE_EXHAUSTED, UNAVAILABLE] = [0, 8, 14];

/** Codes that a client may retry; RESOURCE_EXHAUSTED only with RetryInfo: https://opentelemetry.io/docs/specs/otlp/#failures */
const retried: ReadonlySet<number> = new Set([1, 4, 10, 11, UNAVAILABLE, 15]);

/** HTTP status codes of a proxy that mean UNAVAILABLE: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const unavailable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

interface Answer {
  /** Headers, and trailers over them. */
  readonly fields: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * Sends export requests by OTLP over gRPC. One unary call of messages that are encoded already needs little more than HTTP/2: importing
 * `node:http2` costs 8 MB of memory, importing `@grpc/grpc-js` 1.14 costs 18 MB.
 */
export class GrpcSender implements Sender {
  readonly #options: SenderOptions;
  readonly #tls: TlsFiles;
  #session: ClientHttp2Session | undefined;
  #loaded: LoadedTls | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#tls = new TlsFiles(options.tls);
  }

  async send(request: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { compression, timeoutMs } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const message = await compress(request, compression);
      return outcomeOf(await this.#call(message, AbortSignal.any([signal, timeout])));
    } catch (error) {
      // A connection over which nothing comes back may be dead without either end knowing.
      if (timeout.aborted) this.#session?.destroy();
      return failedAttempt(error);
    }
  }

  close(): void {
    this.#session?.destroy();
  }

  #call(message: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { headers, compression, timeoutMs } = this.#options;
    const session = this.#connected();
    const stream = session.request(
      {
        ":method": "POST",
        ":path": PATH,
        te: "trailers",
        "content-type": "application/grpc",
        "grpc-timeout": `${timeoutMs}m`,
        "user-agent": "skopos-flow-agent",
        ...(compression !== "none" && { "grpc-encoding": compression }),
        ...bearer(this.#options),
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      },
      { signal },
    );
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix[0] = compression === "none" ? 0 : 1;
    prefix.writeUInt32BE(message.length, 1);
    stream.write(prefix);
    stream.end(message);
    return new Promise((resolve, reject) => {
      let fields: IncomingHttpHeaders = {};
      const parts: Buffer[] = [];
      let bytes = 0;
      stream.on("response", (first) => (fields = { ...fields, ...first }));
      stream.on("trailers", (last) => (fields = { ...fields, ...last }));
      stream.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes <= MOST_RESPONSE_BYTES) parts.push(part);
      });
      stream.once("error", (error) => reject(signal.aborted ? signal.reason : error));
      stream.once("close", () => {
        if (fields[":status"] === undefined) reject(new Error("the connection was closed"));
        else resolve({ fields, body: Buffer.concat(parts) });
      });
    });
  }

  /** The connection; another one when it was closed, or when the TLS files have changed. */
  #connected(): ClientHttp2Session {
    const loaded = this.#tls.current();
    const old = this.#session;
    if (old && !old.closed && !old.destroyed && loaded === this.#loaded) return old;
    // Requests under way end on the old connection.
    old?.close();
    const session = connect(this.#options.url, { ...loaded, settings: { enablePush: false } });
    // Its streams fail with it, and say why; without a listener it would end the process.
    session.on("error", () => {});
    session.on("goaway", () => session.close());
    this.#session = session;
    this.#loaded = loaded;
    return session;
  }
}

function outcomeOf({ fields, body }: Answer): Outcome {
  const http = fields[constants.HTTP2_HEADER_STATUS] as unknown as number;
  const grpc = fields["grpc-status"];
  if (grpc === undefined) {
    const why = http === 200 ? "an answer without gRPC status" : `HTTP status ${http}`;
    return { kind: http === 200 || unavailable.has(http) ? "retry" : "refused", why };
  }
  const code = Number(grpc);
  if (code === OK) return { kind: "accepted", rejected: rejectedSpans(body.subarray(PREFIX_BYTES)) };
  const message = oneLine(decoded(String(fields["grpc-message"] ?? "")));
  const why = `gRPC status ${statusNames[code] ?? code}${message && `: ${message}`}`;
  const details = fields["grpc-status-details-bin"];
  const afterMs = details === undefined ? undefined : retryDelayMs(Buffer.from(String(details), "base64"));
  const retry = retried.has(code) || (code === RESOURCE_EXHAUSTED && afterMs !== undefined);
  if (!retry) return { kind: "refused", why };
  return { kind: "retry", why, ...(afterMs !== undefined && { afterMs }) };
}

/** A percent-encoded message; as it came if it is not encoded well. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
