import { runStack } from "./stacks/program.ts";

/** The Pulumi program: this stack's configuration, worked out and deployed. */
export const { capacity, endpoints } = runStack();
