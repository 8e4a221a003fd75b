import {
  diskQueueSeconds,
  type QueueStorage,
  queueBytes,
  queueDiskBytes,
  queueItems,
  queueReason,
  queueSeconds,
} from "../../lib/otel/index.ts";
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
export const idleBytes = 96 * MiB;
/** Bytes of cached Kubernetes attributes per pod. An assumption. */
const bytesPerPod = 64 * 1024;

/** Sizes of the agent. */
export interface OtelAgentSizing {
  /** One agent pod; `replicas` is the number of nodes. */
  readonly agent: WorkloadSize;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  /** Disk for the queues. Absent for queues in memory. */
  readonly queueDiskBytes?: number;
  readonly reasons: Reasons<Omit<OtelAgentSizing, "agent" | "reasons">>;
}

/** What the sizes are computed from. */
export interface OtelAgentLoad {
  readonly workload: Workload;
  /** Exporters, each with a queue of its own: of spans, metrics and logs, and of spans for span metrics. @default 3 */
  readonly exporters?: number;
  /** Where the queues are. @default "memory" */
  readonly queue?: QueueStorage;
  /** Values that replace computed resources. @default none */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** Computes {@link OtelAgentSizing}: one agent per node, sized for the busiest node. */
export function sizeOtelAgent({ workload, exporters = 3, queue = "memory", size }: OtelAgentLoad): OtelAgentSizing {
  const spans = (workload.spansPerSecond / workload.nodes) * skew;
  const pods = workload.pods / workload.nodes;
  const items = queueItems(spans, queue);
  return {
    agent: withOverride(
      sized(
        {
          replicas: workload.nodes,
          cpuCores: idleCores + spans / spansPerCore,
          memoryBytes: (idleBytes + pods * bytesPerPod + queueBytes(exporters, items, queue)) / 0.8,
        },
        {
          replicas: "one per node",
          cpuCores: `${Math.ceil(spans)} spans/s on the busiest node (${skew} x the mean) at ${spansPerCore} per core, and ${idleCores} idle`,
          memoryBytes: `${idleBytes / MiB} MiB idle, ${Math.ceil(pods)} pods' attributes, ${queueReason(exporters, items, queue)}, and 25% above the memory limiter's limit`,
        },
      ),
      size,
    ),
    queueItems: items,
    ...(queue === "disk" && { queueDiskBytes: queueDiskBytes(exporters, items) }),
    reasons: {
      queueItems: `${queue === "disk" ? diskQueueSeconds : queueSeconds} s of spans while a gateway is unavailable, and at least five batches`,
      ...(queue === "disk" && {
        queueDiskBytes: `${exporters} queues of ${items} items, twice while they are compacted`,
      }),
    },
  };
}
