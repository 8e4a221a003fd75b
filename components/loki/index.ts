export { lokiObjectStorage } from "./bucket-usage.ts";
export * from "./chart.ts";
export type { StreamRetention } from "./config.ts";
export * from "./sizing.ts";
export { checkLoki } from "./validate.ts";
