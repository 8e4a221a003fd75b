export { componentKinds } from "./distribution.ts";
export * from "./extend.ts";
export * from "./props.ts";
export * from "./shape.ts";
export * from "./validate.ts";
