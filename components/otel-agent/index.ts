export type { GatewayResolver, GatewayTargets } from "../../lib/otel/index.ts";
export * from "./chart.ts";
export { type KubeletMetric, kubeletMetrics } from "./kubelet.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
