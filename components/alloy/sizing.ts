import { queueBytes, queueItems, queueReason, queueSeconds } from "../../lib/otel/index.ts";
import {
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
  workloads,
} from "../../lib/sizing/index.ts";
import type { LogSource } from "./logs.ts";

/** Load of the busiest node relative to the mean, such as a node with ingress or batch pods. An assumption. */
const skew = 3;
/**
 * "Per each 1 MiB/second of logs ingested, ... 1 CPU core, 120 MiB of memory":
 * https://grafana.com/docs/alloy/v1.18/introduction/estimate-resource-usage/.
 */
const logCoresPerMiB = 1;
const logBytesPerMiB = 120 * MiB;
/** MiB/s of logs that one pod may write beside the mean of all others, before memory runs out. A choice. */
const burstMiB = 1;
/** An idle Alloy. An assumption: its documentation has no figure. */
export const idle = { cores: 0.03, bytes: 128 * MiB } as const;
/** Host metrics: about 1,000 series per scrape. An assumption. */
const host = { cores: 0.02, bytes: 32 * MiB } as const;
/** Spans per second and core, as for an OpenTelemetry agent. */
const spansPerCore = 12_000;
/** Bytes of cached Kubernetes attributes per pod. An assumption. */
const bytesPerPod = 64 * KiB;

/** What the sizes are computed from. */
export interface AlloyLoad {
  readonly workload: Workload;
  /** Whether it provides host metrics. @default false */
  readonly hostMetrics?: boolean;
  /** Number of exporters for OTLP, each with a queue of its own; 0 if it receives none. @default 3 */
  readonly exporters?: number;
  /** Values that replace computed resources. @default none */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** Sizes of Alloy. */
export interface AlloySizing {
  /** One Alloy pod; `replicas` is the number of nodes. */
  readonly alloy: WorkloadSize;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  readonly reasons: Reasons<Omit<AlloySizing, "alloy" | "reasons">>;
}

/**
 * Log files from the `medium` workload on: through the API, every log line would pass through the API server.
 */
export function logSourceFor(workload: Workload): LogSource {
  const { nodes, logBytesPerDay } = workloads.medium;
  return workload.nodes < nodes && workload.logBytesPerDay < logBytesPerDay ? "api" : "files";
}

/** Computes {@link AlloySizing}: one pod per node, sized for the busiest node. */
export function sizeAlloy({ workload, hostMetrics = false, exporters = 3, size }: AlloyLoad): AlloySizing {
  const logs = (workload.logBytesPerDay / 86_400 / workload.nodes / MiB) * skew;
  const spans = exporters > 0 ? (workload.spansPerSecond / workload.nodes) * skew : 0;
  const pods = workload.pods / workload.nodes;
  const items = queueItems(spans);
  const extra = hostMetrics ? host : { cores: 0, bytes: 0 };
  const queued = queueBytes(exporters, items);
  const held = idle.bytes + extra.bytes + (logs + burstMiB) * logBytesPerMiB + pods * bytesPerPod + queued;
  return {
    alloy: withOverride(
      sized(
        {
          replicas: workload.nodes,
          cpuCores: idle.cores + extra.cores + logs * logCoresPerMiB + spans / spansPerCore,
          memoryBytes: held / 0.8,
        },
        {
          replicas: "one per node",
          cpuCores: `${logs.toFixed(2)} MiB/s of logs on the busiest node (${skew} x the mean) at one core per MiB/s, ${formatCount(spans)} spans/s at ${spansPerCore} per core, and ${idle.cores + extra.cores} idle`,
          memoryBytes: `${formatBytes(idle.bytes + extra.bytes)} idle (estimate), 120 MiB per MiB/s of logs and a burst of ${burstMiB} MiB/s from one pod, ${Math.ceil(pods)} pods' attributes${exporters > 0 ? `, ${queueReason(exporters, items)}` : ""}, and 25% above the memory limiter's limit`,
        },
      ),
      size,
    ),
    queueItems: items,
    reasons: { queueItems: `${queueSeconds} s of spans while a gateway is unavailable, and at least five batches` },
  };
}
