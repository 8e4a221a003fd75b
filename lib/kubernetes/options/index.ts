export * from "./apply.ts";
export * from "./resolve.ts";
export * from "./shape.ts";
export * from "./size.ts";
export * from "./types.ts";
export * from "./validate.ts";
