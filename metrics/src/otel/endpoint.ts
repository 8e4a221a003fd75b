import { mistake } from "../errors.ts";

/** Ports that IANA registered for OTLP. */
const GRPC_PORT = "4317";
const HTTP_PORT = "4318";

/** An OTLP receiver's address, as this package's exporters (HTTP with protobuf) use it. */
export interface OtlpEndpoint {
  /** Without a path, e.g. `http://otel-collector:4318`. */
  readonly base: string;
  /** The address named the gRPC port: it was replaced by that of HTTP, on which every collector listens beside it. */
  readonly wasGrpcPort: boolean;
}

/** Reads an address such as `http://otel-collector:4317`. @throws MetricsError OTLP_ENDPOINT */
export function otlpEndpoint(address: string): OtlpEndpoint {
  const url = URL.parse(address);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    const fix = "Write it like http://otel-collector:4318.";
    throw mistake("OTLP_ENDPOINT", "otlp.endpoint", `${address} is not an http or https address.`, fix);
  }
  const wasGrpcPort = url.port === GRPC_PORT;
  if (wasGrpcPort) url.port = HTTP_PORT;
  return { base: `${url.origin}${url.pathname.replace(/\/$/, "")}`, wasGrpcPort };
}
