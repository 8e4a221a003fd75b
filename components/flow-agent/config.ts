import type { z } from "zod";
import type { configSchema } from "../../bpf-agent/src/config/schema.ts";
import { type ClusterFacts, type Endpoint, endpointUrl } from "../../lib/kubernetes/index.ts";
import type { FlowAgentSizing } from "./sizing.ts";

/** The agent's configuration file as the agent reads it. What is absent has the agent's default. */
type ConfigFile = z.input<typeof configSchema>;

/** What a stack may set of the agent's configuration file: all but where it listens and where flows go. */
export type FlowAgentConfig = Omit<ConfigFile, "server" | "export"> & {
  readonly export?: Omit<NonNullable<ConfigFile["export"]>, "endpoints">;
};

/** Port of metrics and health checks on the node: the agent's default. */
export const httpPort = 9465;

/** Seconds that an agent may take to export what is open, twice: first flows are ended, then batches are sent. */
export const gracePeriodSeconds = 10;

/** What differs by node: the agent's name for it, and the address to listen on, which is not that of a bridge or tunnel. */
export const nodeEnvironment = {
  NODE_NAME: { field: "spec.nodeName" },
  SKOPOS_FLOW_AGENT__SERVER__HOST: { field: "status.hostIP" },
} as const;

export interface FlowAgentConfigProps {
  readonly sizing: FlowAgentSizing;
  readonly cluster: ClusterFacts;
  readonly flows: Endpoint;
  readonly config: FlowAgentConfig;
}

/** The agent's configuration file. */
export function flowAgentConfig({ sizing, cluster, flows, config }: FlowAgentConfigProps): ConfigFile {
  const url = `${flows.scheme === "grpcs" ? "https" : "http"}://${endpointUrl(flows)}`;
  return {
    ...config,
    flows: { max: sizing.flows, ...config.flows },
    pollers: { count: sizing.pollers, ...config.pollers },
    kubernetes: { enabled: true, cluster: cluster.name, ...config.kubernetes },
    // Flows cross the network to the gateway.
    export: { ...config.export, endpoints: [{ name: "gateway", protocol: "grpc", url, compression: "zstd" }] },
    server: { port: httpPort, gracePeriod: `${gracePeriodSeconds}s` },
    resource: { "k8s.cluster.name": cluster.name, ...config.resource },
  };
}
