// What the import graph must not have, checked by `npm test`. Which folder may import which is the table in
// docs/architecture.md, checked by test/docs/imports.test.ts.

const tests = "(\\.test\\.ts$|/test/|^test/)";

export default {
  forbidden: [
    {
      name: "no cycles",
      severity: "error",
      comment: "Files that import each other can only be read together: move what both need to a third.",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "rendering needs no Pulumi",
      severity: "error",
      comment: "People who use cdk8s alone do not install Pulumi.",
      from: { path: "^(cdk8s\\.ts|stacks/stack\\.ts|cli/commands/(render|plan|images)\\.ts)$" },
      to: { path: "node_modules/@pulumi", reachable: true },
    },
    {
      name: "metrics needs no packages",
      severity: "error",
      comment: "Only optional peers, for the bridge to OpenTelemetry and for YAML files.",
      from: { path: "^metrics/src/", pathNot: tests },
      to: { path: "node_modules", dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "shipped code imports no tests",
      severity: "error",
      comment: "test/ and development dependencies are not in the packages.",
      from: {
        path: "^(lib|components|stacks|cli|policies|(metrics|bpf-agent|applications/[^/]+)/src)/",
        pathNot: tests,
      },
      to: { path: "^(test/|[^/]+/test/)" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
    exclude: { path: "^(dist|metrics/dist|bpf-agent/dist|test/consumer/programs)/" },
  },
};
