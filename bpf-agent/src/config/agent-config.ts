import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { EndpointOptions } from "../export/endpoint.ts";
import type { SenderOptions } from "../export/sender.ts";
import type { DecorationOptions } from "../kubernetes/decoration.ts";
import type { ReaderOptions } from "../options.ts";
import type { Timeouts } from "../store/timeouts.ts";
import { toMs } from "./duration.ts";
import { type CompleteConfig, endpointName } from "./schema.ts";

/** A backend as the agent takes it. */
export interface EndpointConfig extends SenderOptions, EndpointOptions {
  readonly name: string;
  readonly protocol: "http" | "grpc";
}

/** The configuration as the agent takes it: durations in milliseconds. */
export interface AgentConfig {
  readonly reader: ReaderOptions;
  readonly flows: {
    readonly max: number;
    readonly pollIntervalMs: number;
    readonly recordIntervalMs: number;
    readonly timeouts: Timeouts;
  };
  readonly pollers: { readonly count: number; readonly ringBytes: number };
  /** Undefined if nothing is decorated. */
  readonly kubernetes: DecorationOptions | undefined;
  readonly export: {
    readonly endpoints: readonly EndpointConfig[];
    readonly maxSpans: number;
    readonly maxDelayMs: number;
    readonly channelBytes: number;
  };
  readonly server: { readonly host: string; readonly port: number; readonly gracePeriodMs: number };
  readonly resource: Readonly<Record<string, string>>;
}

/** Turns a complete configuration into what the agent takes: plain data. @param netns path of another network namespace to watch */
export function agentConfig(config: CompleteConfig, netns?: string): AgentConfig {
  const { flows, pollers, server } = config;
  const { tcp, tcpFin, tcpRst, udp, icmp, generic } = flows.timeouts;
  return {
    reader: {
      ...config.interfaces,
      filter: withoutUndefined(config.filter),
      flows: flows.max,
      processes: flows.processes || config.kubernetes.enabled,
      ...(config.kubernetes.enabled && { cgroup: cgroupRoot(config.kubernetes) }),
      drops: flows.drops,
      ...(netns && { netns }),
    },
    flows: {
      max: flows.max,
      pollIntervalMs: toMs(flows.pollInterval),
      recordIntervalMs: toMs(flows.recordInterval),
      timeouts: {
        tcpMs: toMs(tcp),
        tcpFinMs: toMs(tcpFin),
        tcpRstMs: toMs(tcpRst),
        udpMs: toMs(udp),
        icmpMs: toMs(icmp),
        genericMs: toMs(generic),
      },
    },
    pollers,
    kubernetes: decorationOptions(config.kubernetes),
    export: {
      endpoints: config.export.endpoints.map(({ timeout, ...endpoint }) => ({
        ...endpoint,
        name: endpointName({ timeout, ...endpoint }),
        timeoutMs: toMs(timeout),
        maxElapsedMs: toMs(config.export.retryFor),
      })),
      maxSpans: config.export.maxSpans,
      maxDelayMs: toMs(config.export.maxDelay),
      channelBytes: config.export.channelBytes,
    },
    server: { host: server.host, port: server.port, gracePeriodMs: toMs(server.gracePeriod) },
    resource: { "service.name": "skopos-flow-agent", "host.name": hostname(), ...config.resource },
  };
}

function decorationOptions(config: CompleteConfig["kubernetes"]): DecorationOptions | undefined {
  const { enabled, nodeName, syncTimeout, retention, kubeconfig, ...others } = config;
  if (!enabled) return undefined;
  const node = nodeName ?? (process.env.K8S_NODE_NAME || hostname());
  return {
    ...others,
    node,
    kubeconfig,
    cgroupRoot: cgroupRoot(config),
    syncTimeoutMs: toMs(syncTimeout),
    retentionMs: toMs(retention),
  };
}

/** Beside hierarchies of version 1, systemd mounts that of version 2 in a folder of theirs. */
const cgroupRoot = (config: CompleteConfig["kubernetes"]): string =>
  config.cgroupRoot ?? ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((folder) => existsSync(folder)) ?? "";

/** A copy without members that are undefined, which exact optional properties do not take. */
const withoutUndefined = (filter: CompleteConfig["filter"]): NonNullable<ReaderOptions["filter"]> =>
  JSON.parse(JSON.stringify(filter));
