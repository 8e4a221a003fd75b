/** The components as Pulumi component resources, and a whole stack from its configuration: the entry point `skopos`. */
export * from "./components/api.ts";
export {
  Alloy,
  Grafana,
  KubePrometheus,
  Loki,
  Mimir,
  Observability,
  OtelAgent,
  OtelGateway,
  Pushgateway,
  Traces,
} from "./components/pulumi.ts";
export type { ComponentChart } from "./lib/kubernetes/index.ts";
export { type ClusterAccess, clusterProvider, type Inputs, SkoposComponent } from "./lib/pulumi/index.ts";
export { runStack, type StackOutputs } from "./stacks/program.ts";
export type { StackConfigInput } from "./stacks/schema.ts";
