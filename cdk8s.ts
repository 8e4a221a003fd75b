/** The components as cdk8s charts: the entry point `skopos/cdk8s`, which never loads Pulumi. */
export { AlloyChart } from "./components/alloy/index.ts";
export * from "./components/api.ts";
export { FlowAgentChart } from "./components/flow-agent/index.ts";
export { GrafanaChart, GrafanaContentChart } from "./components/grafana/index.ts";
export { KubePrometheusChart } from "./components/kube-prometheus/index.ts";
export { LokiChart } from "./components/loki/index.ts";
export { MimirChart, MimirRulesChart, type MimirRulesProps } from "./components/mimir/index.ts";
export { NamespacesChart, type NamespacesProps } from "./components/namespaces/index.ts";
export { NetworkPoliciesChart, type NetworkPoliciesProps } from "./components/network-policies/index.ts";
export { composeObservability } from "./components/observability.ts";
export { OtelAgentChart } from "./components/otel-agent/index.ts";
export { OtelGatewayChart } from "./components/otel-gateway/index.ts";
export { PushgatewayChart } from "./components/pushgateway/index.ts";
export { TracesChart } from "./components/traces/index.ts";
export {
  applyPatches,
  type EndpointOptions,
  endpointOf,
  endpointUrl,
} from "./lib/kubernetes/index.ts";
export { ConfigurationError, type Problem, type ProblemCode } from "./stacks/problem.ts";
export { observabilityProps } from "./stacks/resolve.ts";
export type { StackConfigInput } from "./stacks/schema.ts";
