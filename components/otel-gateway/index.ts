export * from "./chart.ts";
export { defaultTailSampling, type ResourceLabels, type TailSampling } from "./config.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
