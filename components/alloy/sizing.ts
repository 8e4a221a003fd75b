import {
  formatBytes,
  formatCount,
  KiB,
  MiB,
  type Reasons,
  sized,
  type Workload,
  type WorkloadSize,
  workloads,
} from "../../lib/sizing/index.ts";
import type { LogSource } from "./logs.ts";

/** The busiest node carries a multiple of the mean: ingress and batch nodes do. */
const skew = 3;
/** Alloy's own figure: 1 MiB/s of logs takes a core and 120 MiB. */
const logCoresPerMiB = 1;
const logBytesPerMiB = 120 * MiB;
/** An idle Alloy: its documents say nothing; a Go program with this many components and clients. */
const idle = { cores: 0.03, bytes: 128 * MiB } as const;
/** Hosts' metrics: about a thousand series, read every half minute. */
const host = { cores: 0.02, bytes: 32 * MiB } as const;
/** Spans a second that one core receives, decorates and sends: as an OpenTelemetry agent does. */
const spansPerCore = 12_000;
/** What is known of one pod of the node. */
const bytesPerPod = 64 * KiB;
/** Seconds of telemetry that a queue holds while a gateway pod restarts. */
const queueSeconds = 30;
const bytesPerQueuedItem = 600;

/** What the busiest node's Alloy has to carry. */
export interface AlloyLoad {
  readonly workload: Workload;
  /** Whether it takes the hosts' metrics. @default false */
  readonly hostMetrics?: boolean;
  /** Whether it takes applications' OTLP. @default true */
  readonly otlp?: boolean;
}

export interface AlloySizing {
  readonly alloy: WorkloadSize;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  readonly reasons: Reasons<Omit<AlloySizing, "alloy" | "reasons">>;
}

/**
 * From the `medium` workload on files are read: through the API every line of every pod would pass the API server.
 */
export function logSourceFor(workload: Workload): LogSource {
  const { nodes, logBytesPerDay } = workloads.medium;
  return workload.nodes < nodes && workload.logBytesPerDay < logBytesPerDay ? "api" : "files";
}

/** Computes {@link AlloySizing}: one a node, each sized for the busiest. */
export function sizeAlloy({ workload, hostMetrics = false, otlp = true }: AlloyLoad): AlloySizing {
  const logs = (workload.logBytesPerDay / 86_400 / workload.nodes / MiB) * skew;
  const spans = otlp ? (workload.spansPerSecond / workload.nodes) * skew : 0;
  const pods = workload.pods / workload.nodes;
  const queueItems = Math.max(5_000, Math.ceil(spans * queueSeconds));
  const extra = hostMetrics ? host : { cores: 0, bytes: 0 };
  const queueBytes = otlp ? queueItems * bytesPerQueuedItem : 0;
  const held = idle.bytes + extra.bytes + logs * logBytesPerMiB + pods * bytesPerPod + queueBytes;
  return {
    alloy: sized(
      {
        replicas: workload.nodes,
        cpuCores: idle.cores + extra.cores + logs * logCoresPerMiB + spans / spansPerCore,
        memoryBytes: held / 0.8,
      },
      {
        replicas: "one a node",
        cpuCores: `${logs.toFixed(2)} MiB/s of logs on the busiest node (${skew} x the mean) at a core each, ${formatCount(spans)} spans/s at ${spansPerCore} a core, and ${idle.cores + extra.cores} idle`,
        memoryBytes: `${formatBytes(idle.bytes + extra.bytes)} idle, 120 MiB for each MiB/s of logs, ${Math.ceil(pods)} pods' attributes${otlp ? `, a queue of ${queueItems} items` : ""}, and 20 % above the soft limit`,
      },
    ),
    queueItems,
    reasons: { queueItems: `${queueSeconds} s of spans while a gateway pod restarts` },
  };
}
