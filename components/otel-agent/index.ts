export * from "./chart.ts";
export type { GatewayResolver } from "./config.ts";
export { type KubeletMetric, kubeletMetrics } from "./kubelet.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
