import type { Change } from "../../../policies/fixtures/fixture.ts";

/** A mistake that somebody could make in the rendered prod stack, and the rule that has to find it. */
export interface Mutation {
  readonly rule: string;
  readonly mistake: string;
  readonly changes: readonly Change[];
}

/** A mistake of one or more changes. */
export const mutation = (rule: string, mistake: string, ...changes: readonly Change[]): Mutation => ({
  rule,
  mistake,
  changes,
});

// Objects of the prod stack and places in them.
export const pod = "spec/template/spec";
export const container = `${pod}/containers/0`;
export const context = `${container}/securityContext`;
export const grafana = "Deployment/observability/grafana";
export const distributor = "Deployment/observability/mimir-distributor";
export const ingester = "StatefulSet/observability/loki-ingester";
export const gateway = "StatefulSet/observability/otel-gateway-collector";
export const agent = "DaemonSet/observability/otel-agent-collector";
export const prometheus = "Prometheus/observability/kube-prometheus";
export const gatewayConfig = "ConfigMap/observability/otel-gateway-collector";
export const agentConfig = "ConfigMap/observability/otel-agent-collector";
export const collector = "data/collector.yaml";
export const alloy = "ConfigMap/observability-agents/alloy";
export const alloyText = ["data", "config.alloy"];
export const mimir = "ConfigMap/observability/mimir";
export const loki = "ConfigMap/observability/loki";
export const tempo = "ConfigMap/observability/tempo";
export const rulesOf = (name: string) => `PrometheusRule/observability/${name}`;
export const alert = "spec/groups/0/rules/0";
export const sources = "ConfigMap/observability/grafana-data-sources";
export const monitor = (name: string) => `ServiceMonitor/observability/${name}`;
