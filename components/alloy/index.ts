export * from "./chart.ts";
export { hostMetricsPath } from "./host-metrics.ts";
export { type LogOptions, type LogSource, logLabels, logSources } from "./logs.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
