import type { ComponentProps, Endpoint } from "../../lib/kubernetes/index.ts";
import type { SizeOverride, Workload } from "../../lib/sizing/index.ts";
import type { FlowAgentConfig } from "./config.ts";

export interface FlowAgentProps extends ComponentProps {
  /** OTLP/gRPC endpoint for spans of flows, such as the gateway's `flows`. */
  readonly flows: Endpoint;
  /**
   * Parts of the agent's configuration file that differ from its defaults. Endpoints and ports are set by the component.
   * @default none
   * @example { interfaces: { exclude: ["lo", "docker0"] }, filter: { ports: { deny: ["tcp/22"] } } }
   */
  readonly config?: FlowAgentConfig;
  /** Of which nodes, pods and `flowsPerSecondPerNode` are used. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** Values that replace computed resources. @default computed from the workload */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** The agent publishes nothing that other components connect to. */
export type FlowAgentEndpoints = Readonly<Record<never, never>>;
