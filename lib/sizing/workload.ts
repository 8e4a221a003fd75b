import { GiB, TiB } from "./units.ts";

/** The workload to observe, from which replicas, disks, limits and queues are computed. */
export interface Workload {
  /** Cluster nodes. */
  readonly nodes: number;
  /** Running pods in the whole cluster. */
  readonly pods: number;
  /** Active time series, before replication. */
  readonly activeSeries: number;
  /** Seconds between two scrapes. */
  readonly scrapeIntervalSeconds: number;
  /** Log bytes per day, uncompressed. */
  readonly logBytesPerDay: number;
  /** Spans per second that applications send, before sampling. */
  readonly spansPerSecond: number;
  /** Spans in a typical trace. */
  readonly spansPerTrace: number;
  /** Network connections and exchanges that begin on a node per second: what the flow agent reports. */
  readonly flowsPerSecondPerNode: number;
  /** PromQL queries per second from people, dashboards and rules. */
  readonly queriesPerSecond: number;
}

/** Names of the scale profiles. */
export const scales = ["small", "medium", "large", "xlarge"] as const;
export type Scale = (typeof scales)[number];

/** About 30 pods per node, as production clusters typically run. A kubelet admits 110 by default. */
const podsPerNode = 30;

/**
 * 30 s is the default of the Prometheus operator; 15 spans are a request through five services. 50 flows/s are, of each of 30 pods,
 * three probes and scrapes, a DNS query and connections in pools, in a minute 100: an assumption. `skopos plan` names it.
 */
const habits = { scrapeIntervalSeconds: 30, spansPerTrace: 15, flowsPerSecondPerNode: 50 } as const;

/** The workload that each scale profile names. Queries per second: about one active dashboard user per 50 nodes, plus rules. */
export const workloads = {
  small: {
    ...habits,
    nodes: 20,
    pods: 20 * podsPerNode,
    activeSeries: 300_000,
    logBytesPerDay: 10 * GiB,
    spansPerSecond: 500,
    queriesPerSecond: 5,
  },
  medium: {
    ...habits,
    nodes: 100,
    pods: 100 * podsPerNode,
    activeSeries: 1_500_000,
    logBytesPerDay: 150 * GiB,
    spansPerSecond: 5_000,
    queriesPerSecond: 20,
  },
  large: {
    ...habits,
    nodes: 500,
    pods: 500 * podsPerNode,
    activeSeries: 10_000_000,
    logBytesPerDay: 2 * TiB,
    spansPerSecond: 50_000,
    queriesPerSecond: 100,
  },
  xlarge: {
    ...habits,
    nodes: 3_000,
    pods: 3_000 * podsPerNode,
    activeSeries: 60_000_000,
    logBytesPerDay: 20 * TiB,
    spansPerSecond: 300_000,
    queriesPerSecond: 400,
  },
} as const satisfies Record<Scale, Workload>;

/**
 * A workload of which only some numbers are known. The others are those of a scale profile, and pods follow the nodes.
 * @param profile that provides the rest. @default workloads.small
 */
export function completeWorkload(known: Partial<Workload> = {}, profile: Workload = workloads.small): Workload {
  const stated = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  const nodes = known.nodes !== undefined && known.nodes > 0 ? known.nodes : profile.nodes;
  return { ...profile, pods: Math.ceil((profile.pods / profile.nodes) * nodes), ...stated };
}

/** Spans of a network flow: one at its end, and one a minute of those that last longer. An assumption. */
export const spansPerFlow = 1.2;

/** Spans of flows per second that a node's agent sends. */
export function flowSpansPerNode({ flowsPerSecondPerNode }: Workload): number {
  return flowsPerSecondPerNode * spansPerFlow;
}

/** Scraped samples per second. */
export function samplesPerSecond(workload: Workload): number {
  return workload.activeSeries / workload.scrapeIntervalSeconds;
}
