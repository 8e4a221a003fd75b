import { mistake } from "../errors.ts";

/** Ports that IANA registered for OTLP. */
const GRPC_PORT = "4317";

/** How telemetry is sent: OTLP over gRPC, or protobuf over HTTP. OpenTelemetry's own names for them. */
export const OTLP_PROTOCOLS = ["grpc", "http/protobuf"] as const;
export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

/** An OTLP receiver. */
export interface OtlpEndpoint {
  /** E.g. `http://otel-collector:4317`; over HTTP, what the signal's path is added to. */
  readonly base: string;
  readonly protocol: OtlpProtocol;
}

/**
 * Reads an address such as `http://otel-collector:4317`.
 * @param protocol @default "grpc" for port 4317, which is registered for it, and otherwise "http/protobuf"
 * @throws MetricsError OTLP_ENDPOINT
 */
export function otlpEndpoint(address: string, protocol?: OtlpProtocol): OtlpEndpoint {
  const url = URL.parse(address);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    const fix = "Write it like http://otel-collector:4317.";
    throw mistake("OTLP_ENDPOINT", "otlp.endpoint", "it is not an http or https address.", fix);
  }
  const used = protocol ?? (url.port === GRPC_PORT ? "grpc" : "http/protobuf");
  const path = url.pathname.replace(/\/$/, "");
  if (used === "grpc" && path !== "") {
    const fix = "Leave the path out, or set the protocol to http/protobuf.";
    throw mistake("OTLP_ENDPOINT", "otlp.endpoint", `gRPC has no path, and this address has ${path}.`, fix);
  }
  return { base: `${url.origin}${path}`, protocol: used };
}
