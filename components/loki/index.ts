export * from "./chart.ts";
export { type CheckedLoki, checkLoki } from "./checks.ts";
export { lokiPorts, otlpIndexLabels, type StreamRetention } from "./config.ts";
export { type LokiLimits, logStreams } from "./limits.ts";
export { lokiObjectStorage } from "./object-storage.ts";
export * from "./sizing.ts";
