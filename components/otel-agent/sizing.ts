import { MiB, type Reasons, sized, type Workload, type WorkloadSize } from "../../lib/sizing/index.ts";

/** Spans a second that one core receives, decorates and sends: the middle of 10 to 15 k, from published load tests. */
const spansPerCore = 12_000;
/** The busiest node carries a multiple of the mean: ingress and batch nodes do. */
const skew = 3;
/** CPU of an idle agent with kubelet stats of 30 pods. */
const idleCores = 0.05;
/** Resident size of an idle agent: 68 to 78 MiB measured with contrib 0.159. */
const idleBytes = 96 * MiB;
/** Bytes that the Kubernetes attributes of one pod of the node take. */
const bytesPerPod = 64 * 1024;
/** Seconds of telemetry that the queues hold while a gateway pod restarts. */
const queueSeconds = 30;
const bytesPerQueuedItem = 600;

export interface OtelAgentSizing {
  readonly agent: WorkloadSize;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  readonly reasons: Reasons<Omit<OtelAgentSizing, "agent" | "reasons">>;
}

/** Computes {@link OtelAgentSizing}: one agent a node, each sized for the busiest. */
export function sizeOtelAgent(workload: Workload): OtelAgentSizing {
  const spans = (workload.spansPerSecond / workload.nodes) * skew;
  const pods = workload.pods / workload.nodes;
  const queueItems = Math.max(5_000, Math.ceil(spans * queueSeconds));
  return {
    agent: sized(
      {
        replicas: workload.nodes,
        cpuCores: idleCores + spans / spansPerCore,
        memoryBytes: (idleBytes + pods * bytesPerPod + queueItems * bytesPerQueuedItem) / 0.8,
      },
      {
        replicas: "one a node",
        cpuCores: `${Math.ceil(spans)} spans/s on the busiest node (${skew} x the mean) at ${spansPerCore} a core, and ${idleCores} idle`,
        memoryBytes: `${idleBytes / MiB} MiB idle, ${Math.ceil(pods)} pods' attributes, a queue of ${queueItems} items, and 20 % above the soft limit`,
      },
    ),
    queueItems,
    reasons: { queueItems: `${queueSeconds} s of spans while a gateway pod restarts` },
  };
}
