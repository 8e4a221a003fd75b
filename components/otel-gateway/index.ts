export * from "./chart.ts";
export { defaultTailSampling, type ResourceLabels, type TailSampling } from "./config.ts";
export type { OutsideRoute } from "./outside.ts";
export type { OtelGatewayEndpoints, OtelGatewayProps } from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
