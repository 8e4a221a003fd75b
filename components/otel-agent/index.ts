export * from "./chart.ts";
export { type GatewayResolver, kubeletMetrics } from "./config.ts";
export * from "./sizing.ts";
