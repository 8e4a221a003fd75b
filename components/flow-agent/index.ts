export * from "./chart.ts";
export type { FlowAgentConfig, FlowAgentConfigFile } from "./config.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
