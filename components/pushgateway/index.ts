export * from "./chart.ts";
export * from "./props.ts";
export * from "./sizing.ts";
export * from "./validate.ts";
