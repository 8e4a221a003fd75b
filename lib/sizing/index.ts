export * from "./finding.ts";
export * from "./object-storage.ts";
export * from "./overrides.ts";
export * from "./retention.ts";
export * from "./units.ts";
export * from "./validate.ts";
export * from "./workload.ts";
export * from "./workload-size.ts";
