import {
  flowSpansPerNode,
  formatBytes,
  formatCount,
  KiB,
  MiB,
  type Reasons,
  type SizeOverride,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";
import { decorationScope, type FlowAgentConfig } from "./config.ts";

/** Load of the busiest node relative to the mean, such as a node with ingress or DNS pods. An assumption. */
const skew = 3;
/** CPU of an agent without traffic: the target of the agent's benchmark `idle`. */
const idleCores = 0.05;
/** Spans per second and core, decorated, encoded, compressed and sent. The benchmark's target without compression is 50,000. */
const spansPerCore = 20_000;
/** Seconds for which a flow is open: UDP's idle timeout, which is the longest of the common ones, and a scan. */
const openSeconds = 62;
/** Flows in a burst relative to their mean. */
const burst = 4;
/** Flows for which an agent has room at least: its default. */
const leastFlows = 131_072;
/** Most flows that an agent can hold. */
const mostFlows = 2 ** 24;
/** Bytes of kernel memory per flow: "about 255 bytes for each of `flows`, whether used or not", bpf-agent/README.md. */
const kernelBytesPerFlow = 255;
/** Bytes per flow in the agent's own store: "72 bytes per slot", bpf-agent/README.md. */
const storeBytesPerFlow = 72;
/** Ring of events in the kernel, and the maps whose entries are allocated when used, half full: bpf-agent/README.md, Maps. */
const eventRingBytes = 4 * MiB;
const looseMapBytes = 16 * MiB;
/** Ring and export channel of each poller: the defaults of `pollers.ringBytes` and `export.channelBytes`. */
const pollerBytes = (8 + 4) * MiB;
/**
 * Idle agent without decoration, Node.js and its threads included: 131 MB resident, of which 27 MB are the kernel's maps that are counted
 * by themselves. The rest is headroom for a heap that grows.
 */
export const idleBytes = 160 * MiB;
/** Thread of decoration, and what it loads: "27 MB to an idle agent", bpf-agent/README.md. */
const decoratorBytes = 27 * MiB;
/**
 * Copy of the cluster per pod of the cluster. With scope `cluster`, 8.5 MB of 9,000 pods, bpf-agent/bench/decoration.ts. With scope
 * `node`, only Services and EndpointSlices grow with the cluster. An estimate.
 */
const copyBytesPerPod = { cluster: 1 * KiB, node: KiB / 4 } as const;
/** Channel of each poller to decoration: the default of `kubernetes.inputBytes`. */
const inputBytes = 2 * MiB;

/** Sizes of the agent. */
export interface FlowAgentSizing {
  /** One agent pod; `replicas` is the number of nodes. */
  readonly agent: WorkloadSize;
  /** Flows that an agent has room for: `flows.max` of its configuration. */
  readonly flows: number;
  /** Threads that look after the flows: `pollers.count`. */
  readonly pollers: number;
  /** Agents that may be replaced at once. */
  readonly maxUnavailable: number;
  readonly reasons: Reasons<Omit<FlowAgentSizing, "agent" | "reasons">>;
}

/** What the sizes are computed from. */
export interface FlowAgentLoad {
  readonly workload: Workload;
  /** Settings of the agent, of which the numbers of flows and pollers are used. @default none */
  readonly config?: FlowAgentConfig;
  /** Values that replace computed resources. @default none */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** The next power of two. */
const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(value));

/** Computes {@link FlowAgentSizing}: one agent per node, sized for the busiest node. */
export function sizeFlowAgent({ workload, config = {}, size }: FlowAgentLoad): FlowAgentSizing {
  const perSecond = workload.flowsPerSecondPerNode * skew;
  const open = perSecond * openSeconds;
  const flows = config.flows?.max ?? Math.min(mostFlows, Math.max(leastFlows, powerOfTwo(Math.max(1, open * burst))));
  const spans = flowSpansPerNode(workload) * skew;
  const pollers = config.pollers?.count ?? Math.min(8, Math.max(2, Math.ceil(spans / spansPerCore) + 1));
  const kernelBytes = flows * kernelBytesPerFlow + eventRingBytes + looseMapBytes;
  const storeBytes = flows * storeBytesPerFlow + pollers * pollerBytes;
  const scope = decorationScope(config, workload.nodes);
  const decorationBytes = scope
    ? decoratorBytes + pollers * inputBytes + workload.pods * copyBytesPerPod[scope === "node" ? "node" : "cluster"]
    : 0;
  // Restarted agents list what they watch again: a tenth of a large cluster at once would be a burst for the API server.
  const maxUnavailable = Math.max(1, Math.min(50, Math.ceil(workload.nodes / 20)));
  return {
    agent: withOverride(
      sized(
        {
          replicas: workload.nodes,
          cpuCores: idleCores + spans / spansPerCore,
          memoryBytes: idleBytes + kernelBytes + storeBytes + decorationBytes,
        },
        {
          replicas: "one per node",
          cpuCores: `${Math.ceil(spans)} spans/s on the busiest node (${skew} x the mean) at ${spansPerCore} per core (estimate), and ${idleCores} idle; the kernel's part is that of the packets' senders`,
          memoryBytes: `${formatBytes(kernelBytes)} of the kernel's maps, which count towards the container, for ${formatCount(flows)} flows at ${kernelBytesPerFlow} B, ${formatBytes(storeBytes)} in the agent's store and rings, ${formatBytes(decorationBytes)} for decoration (${scope ? `scope ${scope}, ${formatCount(workload.pods)} pods` : "off"}), and ${idleBytes / MiB} MiB idle (estimate)`,
        },
      ),
      size,
    ),
    flows,
    pollers,
    maxUnavailable,
    reasons: {
      flows: config.flows?.max
        ? "set explicitly"
        : `${formatCount(perSecond)} new flows/s on the busiest node (${skew} x the mean), open for ${openSeconds} s, and bursts of ${burst} times as many; at least ${formatCount(leastFlows)}`,
      pollers: config.pollers?.count ? "set explicitly" : "one for each 20,000 spans/s and one more, at least 2",
      maxUnavailable: "a twentieth of the nodes, at most 50: an agent that starts lists what it watches",
    },
  };
}
