export { lokiObjectStorage } from "./bucket-usage.ts";
export * from "./chart.ts";
export { lokiPorts, otlpIndexLabels, type StreamRetention } from "./config.ts";
export { type LokiLimits, logStreams } from "./limits.ts";
export * from "./sizing.ts";
export { type CheckedLoki, checkLoki } from "./validate.ts";
