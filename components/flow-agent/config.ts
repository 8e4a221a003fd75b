import type { z } from "zod";
import type { configSchema } from "../../bpf-agent/src/config/schema.ts";
import { type Scope, scopeForNodes } from "../../bpf-agent/src/kubernetes/scope.ts";
import { type ClusterFacts, type Endpoint, endpointUrl } from "../../lib/kubernetes/index.ts";
import type { FlowAgentSizing } from "./sizing.ts";

/** The agent's configuration file as the agent reads it. What is absent has the agent's default. */
export type FlowAgentConfigFile = z.input<typeof configSchema>;

/** What a stack may set of the agent's configuration file: all but where it listens and where flows go. */
export type FlowAgentConfig = Omit<FlowAgentConfigFile, "server" | "export"> & {
  readonly export?: Omit<NonNullable<FlowAgentConfigFile["export"]>, "endpoints">;
};

/** Port of metrics and health checks on the node: the agent's default. */
export const httpPort = 9465;

/** Seconds that an agent may take to export what is open, twice: first flows are ended, then batches are sent. */
export const gracePeriodSeconds = 10;

/** What differs by node: the agent's name for it, and the address to listen on, which is not that of a bridge or tunnel. */
export const nodeEnvironment = {
  K8S_NODE_NAME: { field: "spec.nodeName" },
  SKOPOS_FLOW_AGENT__SERVER__HOST: { field: "status.hostIP" },
} as const;

/** How agents decorate flows with Kubernetes metadata; undefined if they do not. Agents agree on the scope, also while the cluster grows. */
export function decorationScope(config: FlowAgentConfig, nodes: number): Scope | "auto" | undefined {
  if (config.kubernetes?.enabled === false) return undefined;
  return config.kubernetes?.scope ?? scopeForNodes(nodes);
}

export interface FlowAgentConfigProps {
  readonly sizing: FlowAgentSizing;
  readonly cluster: ClusterFacts;
  readonly flows: Endpoint;
  readonly config: FlowAgentConfig;
  /** What {@link decorationScope} returns. */
  readonly scope: ReturnType<typeof decorationScope>;
}

/** The agent's configuration file. */
export function flowAgentConfig({ sizing, cluster, flows, config, scope }: FlowAgentConfigProps): FlowAgentConfigFile {
  const url = `${flows.scheme === "grpcs" ? "https" : "http"}://${endpointUrl(flows)}`;
  return {
    ...config,
    flows: { max: sizing.flows, ...config.flows },
    pollers: { count: sizing.pollers, ...config.pollers },
    kubernetes: { enabled: scope !== undefined, ...(scope && { scope, cluster: cluster.name }), ...config.kubernetes },
    // Flows cross the network to the gateway.
    export: { ...config.export, endpoints: [{ name: "gateway", protocol: "grpc", url, compression: "zstd" }] },
    server: { port: httpPort, gracePeriod: `${gracePeriodSeconds}s` },
    resource: { "k8s.cluster.name": cluster.name, ...config.resource },
  };
}
