import { connect } from "node:http2";
import { createRequire } from "node:module";
import { mistake } from "../errors.ts";

// gRPC is not loaded unless it is used: its packages are many, and optional.

const require = createRequire(import.meta.url);

/** Constructor options of OpenTelemetry's gRPC exporters. */
interface GrpcOptions {
  readonly url: string;
  readonly timeoutMillis?: number;
  readonly temporalityPreference?: number;
  readonly metadata: unknown;
}

interface Metadata {
  set(key: string, value: string): void;
}

/**
 * An exporter of OTLP over gRPC.
 * @throws MetricsError OTLP_GRPC_MISSING when its package is not installed
 */
export function grpcExporter<T>(
  name: "OTLPTraceExporter" | "OTLPMetricExporter",
  options: Omit<GrpcOptions, "metadata"> & { readonly headers: Readonly<Record<string, string>> },
): T {
  const signal = name === "OTLPTraceExporter" ? "trace" : "metrics";
  const packageName = `@opentelemetry/exporter-${signal}-otlp-grpc`;
  const { headers, ...rest } = options;
  try {
    const module = require(packageName) as Record<string, new (options: GrpcOptions) => T>;
    // Of the very copy that the exporter uses.
    const base = createRequire(require.resolve(packageName)).resolve("@opentelemetry/otlp-grpc-exporter-base");
    const grpc = createRequire(base)("@grpc/grpc-js") as { Metadata: new () => Metadata };
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    return new module[name]!({ ...rest, metadata });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    const fix = `Install ${packageName}, or send to the receiver's HTTP port, usually 4318.`;
    throw mistake("OTLP_GRPC_MISSING", "otlp.endpoint", "gRPC needs a package that is not installed.", fix);
  }
}

/** An empty message: not compressed, no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * Sends one empty export request for traces.
 * @returns the gRPC status that the receiver answers with
 * @throws Error when it cannot be reached, or does not speak gRPC
 */
export function askGrpc(base: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const session = connect(base);
  const timer = setTimeout(() => session.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  session.once("error", reject);
  const request = session.request({
    ...Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])),
    ":method": "POST",
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const status = (found: Record<string, unknown>): void => {
    if (found["grpc-status"] !== undefined) resolve(Number(found["grpc-status"]));
    else if (found[":status"] !== 200) reject(new Error(`it answers ${String(found[":status"])} and no gRPC status`));
  };
  request.once("response", status);
  request.once("trailers", status);
  request.once("error", reject);
  request.once("close", () => reject(new Error("the connection was closed")));
  request.resume().end(EMPTY_MESSAGE);
  return promise.finally(() => {
    clearTimeout(timer);
    session.destroy();
  });
}
