export * from "./format.ts";
export * from "./ini.ts";
export * from "./later.ts";
export * from "./names.ts";
export * from "./network.ts";
export * from "./query.ts";
export * from "./secret.ts";
export * from "./shape.ts";
