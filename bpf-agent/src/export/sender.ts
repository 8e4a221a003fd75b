/** What became of a request. */
export type Outcome =
  /** The backend accepted it, except for `rejected` spans (partial success). */
  | { readonly kind: "accepted"; readonly rejected: number }
  /** Worth another try, after `afterMs` if the backend says so. */
  | { readonly kind: "retry"; readonly why: string; readonly afterMs?: number }
  /** Must not be sent again. */
  | { readonly kind: "refused"; readonly why: string };

/** Sends export requests to one backend. */
export interface Sender {
  /**
   * Sends one ExportTraceServiceRequest. Never rejects: whatever goes wrong is an outcome.
   *
   * @param signal ends the attempt
   */
  send(request: Uint8Array, signal: AbortSignal): Promise<Outcome>;
  /** Closes the connections. */
  close(): void;
}

/** Where spans are sent, and how. */
export interface SenderOptions {
  /** Such as http://127.0.0.1:4318. Over HTTP, `/v1/traces` is added if it has no path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** File with a bearer token. It is read for each request, because tokens of service accounts are rotated. */
  readonly bearerTokenFile?: string | undefined;
  readonly compression: Compression;
  /** Longest time of a request, in milliseconds. */
  readonly timeoutMs: number;
  readonly tls: TlsOptions;
  /** Connections kept open by HTTP. */
  readonly concurrency: number;
}

export const compressions = ["none", "gzip", "zstd"] as const;
export type Compression = (typeof compressions)[number];

/** Paths of PEM files, and how the server's certificate is verified. */
export interface TlsOptions {
  /** CA of the server's certificate. @default the CAs that Node trusts */
  readonly ca?: string | undefined;
  /** Client certificate, with its `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that the server's certificate must have. @default the host of the URL */
  readonly serverName?: string | undefined;
}

/** An attempt that failed before the backend answered. */
export function failedAttempt(error: unknown): Outcome {
  return { kind: "retry", why: reasonOf(error) };
}

/** What is behind an error: of a stream that was cancelled, why its connection failed; of several addresses, what the first said. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}
