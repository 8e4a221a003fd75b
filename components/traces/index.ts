export {
  type TempoMode,
  type TempoService,
  type TracesBackend,
  type TracesLoad,
  type TracesWorkload,
  tempoServices,
} from "./capacity.ts";
export { TracesChart } from "./chart.ts";
export type { JaegerStorage, SearchStorage } from "./jaeger/config.ts";
export type { TracesEndpoints, TracesProps } from "./props.ts";
export { sizeTraces, type TracesSizing } from "./sizing.ts";
export type { Kafka } from "./tempo/config.ts";
export type { TempoSizing, TempoSizingBase } from "./tempo/sizing.ts";
export { validateTraces } from "./validate.ts";
