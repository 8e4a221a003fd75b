/** The components as Pulumi component resources, and a whole stack from its configuration: the entry point `skopos`. */
export type * from "./components/index.ts";
export * from "./components/pulumi.ts";
export * from "./lib/pulumi/index.ts";
export { runStack, type StackOutputs } from "./stacks/program.ts";
export type { StackConfigInput } from "./stacks/schema.ts";
