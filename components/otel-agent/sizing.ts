import {
  MiB,
  type Reasons,
  type SizeOverride,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";

/** Spans per second and core. There is no official figure; published load tests of collectors reach 10,000 to 15,000. */
const spansPerCore = 12_000;
/** Load of the busiest node relative to the mean, such as a node with ingress or batch pods. An assumption. */
const skew = 3;
/** CPU of an idle agent that reads kubelet metrics of 30 pods. */
const idleCores = 0.05;
/** Resident memory of an idle agent: 68 to 78 MiB measured with contrib 0.159, and headroom. */
const idleBytes = 96 * MiB;
/** Bytes of cached Kubernetes attributes per pod. An assumption. */
const bytesPerPod = 64 * 1024;
/** Seconds of spans that a queue holds while a gateway restarts. */
const queueSeconds = 30;
/** Bytes per queued item. */
const bytesPerQueuedItem = 600;

/** Sizes of the agent. */
export interface OtelAgentSizing {
  /** One agent pod; `replicas` is the number of nodes. */
  readonly agent: WorkloadSize;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  readonly reasons: Reasons<Omit<OtelAgentSizing, "agent" | "reasons">>;
}

/**
 * Computes {@link OtelAgentSizing}: one agent per node, sized for the busiest node.
 * @param size values that replace computed ones
 */
export function sizeOtelAgent(
  workload: Workload,
  size?: Omit<SizeOverride, "replicas" | "minReplicas">,
): OtelAgentSizing {
  const spans = (workload.spansPerSecond / workload.nodes) * skew;
  const pods = workload.pods / workload.nodes;
  const queueItems = Math.max(5_000, Math.ceil(spans * queueSeconds));
  return {
    agent: withOverride(
      sized(
        {
          replicas: workload.nodes,
          cpuCores: idleCores + spans / spansPerCore,
          memoryBytes: (idleBytes + pods * bytesPerPod + queueItems * bytesPerQueuedItem) / 0.8,
        },
        {
          replicas: "one per node",
          cpuCores: `${Math.ceil(spans)} spans/s on the busiest node (${skew} x the mean) at ${spansPerCore} per core, and ${idleCores} idle`,
          memoryBytes: `${idleBytes / MiB} MiB idle, ${Math.ceil(pods)} pods' attributes, a queue of ${queueItems} items, and 25% above the memory limiter's limit`,
        },
      ),
      size,
    ),
    queueItems,
    reasons: { queueItems: `${queueSeconds} s of spans while a gateway pod restarts` },
  };
}
