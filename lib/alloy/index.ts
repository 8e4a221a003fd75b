export * from "./parser.ts";
export * from "./printer.ts";
export * from "./stages.ts";
export { type Block, block, call, component, concat, ref, type Value } from "./syntax.ts";
