export {
  type LokiCache,
  type LokiMode,
  type LokiService,
  type LokiWorkload,
  lokiServices,
  monolithicBytesPerDay as lokiMonolithicBytesPerDay,
} from "./capacity.ts";
export { LokiChart } from "./chart.ts";
export type { LokiLimits } from "./limits.ts";
export type { LogAlertGroup, LokiEndpoints, LokiProps, StreamRetention } from "./props.ts";
export { type LokiSizing, type LokiSizingBase, sizeLoki } from "./sizing.ts";
export { validateLoki } from "./validate.ts";
