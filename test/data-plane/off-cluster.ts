import type { CollectorConfig } from "../../lib/otel/index.ts";

/** A collector's own addresses in a test: every port moved, all on loopback. */
export interface Placement {
  /** Loopback address that it binds. */
  readonly host: string;
  /** Address of the gateway's pod, where the agent sends. @default host */
  readonly gateway?: string;
  /** Addresses of several gateway pods, between which the agent routes. @default `gateway` alone */
  readonly gateways?: readonly string[];
}

type Json = Record<string, unknown>;

const replaceBlocks = (blocks: Json, replace: (type: string, block: Json) => unknown): Json =>
  Object.fromEntries(
    Object.entries(blocks).map(([name, block]) => [name, replace(name.split("/")[0] as string, block as Json)]),
  );

/** Port of the gateways that a load balancer sends to. */
function portOf({ resolver }: Json): number {
  const { k8s, dns } = resolver as { k8s?: { ports: number[] }; dns?: { port: string } };
  return Number(k8s?.ports[0] ?? dns?.port);
}

/**
 * A rendered collector configuration as it can start outside a cluster. All that is changed:
 * - `kubelet_stats` asks without a service account's token
 * - `k8s_attributes` passes through: it has no API server to ask
 * - `resource_detection` keeps `env` alone: cloud detectors would call a metadata address
 * - `load_balancing` resolves static addresses instead of a Service
 * - listeners bind the given loopback address instead of all
 */
export function offCluster(
  config: CollectorConfig,
  { host, gateway = host, gateways = [gateway] }: Placement,
): CollectorConfig {
  const changed = {
    ...config,
    receivers: replaceBlocks(config.receivers, (type, block) =>
      type === "kubelet_stats" ? { ...block, auth_type: "none", ca_file: undefined, endpoint: `${host}:10255` } : block,
    ),
    processors: replaceBlocks(config.processors, (type, block) => {
      if (type === "k8s_attributes") return { ...block, auth_type: "none", passthrough: true };
      if (type === "resource_detection") return { ...block, detectors: ["env"] };
      return block;
    }),
    exporters: replaceBlocks(config.exporters, (type, block) =>
      type === "load_balancing"
        ? { ...block, resolver: { static: { hostnames: gateways.map((address) => `${address}:${portOf(block)}`) } } }
        : block,
    ),
  };
  return JSON.parse(JSON.stringify(changed).replaceAll("0.0.0.0", host));
}
