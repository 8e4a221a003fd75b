/**
 * The components as cdk8s charts, and all that they are made of: the entry point `skopos/cdk8s`, which never loads
 * Pulumi.
 */
export * from "./components/index.ts";
export * from "./lib/kubernetes/index.ts";
export * from "./lib/sizing/index.ts";
