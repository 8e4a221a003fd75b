/** The components as Pulumi component resources, and a whole stack from its configuration: the entry point `skopos`. */
export * from "./components/api.ts";
export {
  Alloy,
  type AlloyArgs,
  FlowAgent,
  type FlowAgentArgs,
  Grafana,
  type GrafanaArgs,
  KubePrometheus,
  type KubePrometheusArgs,
  Loki,
  type LokiArgs,
  Mimir,
  type MimirArgs,
  Observability,
  type ObservabilityArgs,
  OtelAgent,
  type OtelAgentArgs,
  OtelGateway,
  type OtelGatewayArgs,
  Pushgateway,
  type PushgatewayArgs,
  type StackEndpoints,
  Traces,
  type TracesArgs,
} from "./components/pulumi.ts";
export {
  type ChartClass,
  type ClusterAccess,
  clusterProvider,
  endpointUrl,
  type Inputs,
  type Outputs,
  SkoposComponent,
} from "./lib/pulumi/index.ts";
export type { StackOverrides } from "./stacks/overrides.ts";
export { ConfigurationError, type Problem, type ProblemCode } from "./stacks/problem.ts";
export { runStack, type StackOptions, type StackOutputs } from "./stacks/program.ts";
export { observabilityProps } from "./stacks/resolve.ts";
export type { StackConfigInput } from "./stacks/schema.ts";
