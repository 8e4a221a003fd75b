export * from "./chart.ts";
export * from "./sizing.ts";
