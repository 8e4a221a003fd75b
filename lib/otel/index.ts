export * from "./alerts.ts";
export * from "./attributes.ts";
export * from "./collector.ts";
export * from "./config.ts";
export * from "./noise.ts";
export * from "./panels.ts";
export * from "./props.ts";
export * from "./queue.ts";
