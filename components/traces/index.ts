export * from "./chart.ts";
export { type JaegerStorage, jaegerPorts, type SearchStorage } from "./jaeger/config.ts";
export { bytesPerSpan, keptSpans, type TracesLoad } from "./kept-spans.ts";
export * from "./sizing.ts";
export { type Kafka, tempoPorts } from "./tempo/config.ts";
export { monolithicSpansPerSecond, type TempoMode, type TempoSizing } from "./tempo/sizing.ts";
export { type CheckedTraces, checkTraces } from "./validate.ts";
