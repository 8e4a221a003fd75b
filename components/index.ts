export * from "./namespaces/index.ts";
export * from "./network-policies/index.ts";
export * from "./observability.ts";
export * from "./otel-agent/index.ts";
export * from "./otel-gateway/index.ts";
