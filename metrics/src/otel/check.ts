import type { Problem } from "../errors.ts";
import { otlpEndpoint } from "./endpoint.ts";
import { askGrpc } from "./grpc.ts";
import type { Tracing } from "./tracing.ts";

/** Longest time that the receiver may take to answer. */
const ANSWER_MS = 3000;

/**
 * Looks for the reasons why traces are missing: the receiver's address, a sampler that keeps nothing, failed exports. Sends one
 * empty export request, which a receiver accepts and ignores.
 */
export async function checkTracing(tracing: Tracing, environment: NodeJS.ProcessEnv = process.env): Promise<Problem[]> {
  const { options, exporter } = tracing;
  const problems: Problem[] = [];
  const report = (code: string, path: string, why: string, fix: string) => problems.push({ code, path, why, fix });

  const { strategy = "parent_based", ratio = 0.1 } = options.sampling ?? {};
  if (strategy === "always_off") {
    report("TRACING_SAMPLER_OFF", "tracing.sampling.strategy", "always_off keeps no trace.", "Use parent_based.");
  } else if (strategy !== "always_on" && ratio === 0) {
    report("TRACING_RATIO_ZERO", "tracing.sampling.ratio", "a ratio of 0 starts no trace.", "Use 0.1, say.");
  }
  if (/^true$/i.test(environment.OTEL_SDK_DISABLED ?? "")) {
    const fix = "Unset it, or set it to false.";
    report("TRACING_DISABLED", "OTEL_SDK_DISABLED", "other OpenTelemetry libraries in the process are off.", fix);
  }
  if (options.exporter === undefined) {
    const unreachable = await askReceiver(options);
    if (unreachable) problems.push(unreachable);
  }
  if (exporter.lastError) {
    const why = `${exporter.failed} spans were not delivered: ${exporter.lastError.message}.`;
    report("TRACING_EXPORT_FAILED", "otlp.endpoint", why, "See whether the receiver is up and accepts the headers.");
  }
  return problems;
}

async function askReceiver({ endpoint, protocol, headers = {} }: Tracing["options"]): Promise<Problem | undefined> {
  const receiver = otlpEndpoint(endpoint, protocol);
  const isGrpc = receiver.protocol === "grpc";
  const url = isGrpc ? receiver.base : `${receiver.base}/v1/traces`;
  const problem = (why: string, fix: string): Problem => ({
    code: "TRACING_ENDPOINT",
    path: "otlp.endpoint",
    why,
    fix,
  });
  try {
    if (isGrpc) {
      const status = await askGrpc(url, headers, ANSWER_MS);
      if (status === 0) return undefined;
      return problem(`${url} answers with gRPC status ${status}.`, "See whether the receiver wants other headers.");
    }
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-protobuf" },
      body: new Uint8Array(),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.arrayBuffer();
    if (response.ok) return undefined;
    const fix =
      response.status === 404 ? "Leave paths out of the address." : "See whether the receiver wants other headers.";
    return problem(`${url} answers ${response.status}.`, fix);
  } catch (error) {
    const { cause, code, message } = error as Error & { cause?: { code?: string }; code?: string };
    const why = cause?.code ?? (code?.startsWith("ERR_HTTP2") ? "it does not speak gRPC" : (code ?? message));
    return problem(`${url} cannot be reached (${why}).`, "Check host, port, protocol and network policy.");
  }
}
