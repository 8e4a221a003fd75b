export * from "./chart.ts";
export type { JaegerStorage, SearchStorage } from "./jaeger/config.ts";
export { bytesPerSpan, keptSpans } from "./kept-spans.ts";
export * from "./sizing.ts";
export type { Kafka } from "./tempo/config.ts";
export type { TempoMode, TempoSizing } from "./tempo/sizing.ts";
export { checkTraces } from "./validate.ts";
