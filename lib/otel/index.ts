export * from "./collector.ts";
export * from "./config.ts";
