import { queueBytes, queueItems, queueReason, queueSeconds } from "../../lib/otel/index.ts";
import {
  type Availability,
  MiB,
  type Reasons,
  replicasFor,
  type SizeOverride,
  sized,
  type Workload,
  type WorkloadSize,
  withOverride,
} from "../../lib/sizing/index.ts";

/**
 * Spans per second and core with tail sampling. There is no official figure; published load tests of collectors reach
 * about 8,000 with tail sampling, and 10,000 to 15,000 without.
 */
const spansPerCore = 8_000;
/** Maximum cores per replica: with more, smaller replicas, the loss of one loses less. */
const coresPerReplica = 4;
/** Flow spans per second and core: neither sampled nor changed. Published load tests reach 10,000 to 15,000. */
const flowSpansPerCore = 12_000;
/** Heap of one queued flow span: four times the 1,580 bytes measured for a span with a quarter of its attributes. An estimate. */
const bytesPerFlowSpan = 6_300;
/** Seconds of flows that a queue holds: agents themselves keep what is not accepted, and send it later. */
const flowQueueSeconds = 10;
/** CPU utilization that replicas are sized for. */
const target = 0.65;
/** Bytes per span of an undecided trace. An assumption: users of tail sampling report 1 to 2 KB. */
const bytesPerSpan = 1_500;
/** Resident memory of an idle gateway: 78 MiB measured with contrib 0.159, and headroom. */
export const idleBytes = 96 * MiB;
/** Bytes per remembered decision: a trace ID and a list entry of an LRU cache. */
const bytesPerDecision = 100;
/** Decision waits for which a decision is remembered, for late spans. */
const rememberedWaits = 10;
/** Traces in flight relative to their mean. */
const burst = 1.5;
/**
 * Heap of one series on :8889, scrapes included: 5,600 bytes measured with contrib 0.159 at 50,000 series with 13 resource
 * attributes each. Receiving and exposing it once takes 66 microseconds of CPU.
 */
const bytesPerSeries = 5_600;
const secondsPerSeries = 66e-6;
/** Kubelet metrics: five per container, at one and a half containers per pod, three per pod, four per node. */
const kubeletSeries = { pod: 10.5, node: 4 } as const;
/** Share of the active series that applications send by OTLP rather than expose. An assumption. */
const otlpShare = 0.05;
/** Seconds between two scrapes of :8889, and between two readings of the kubelet. */
const scrapeSeconds = 30;
/** Exporters of every gateway with a queue: of traces and of logs. */
const ownQueues = 2;
/** Seconds in which a gateway that ends sends what is in its queues. */
const drainSeconds = 30;

/** What the sizes are computed from. */
export interface OtelGatewayLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  /** Seconds for which a trace waits for its spans. */
  readonly decisionWaitSeconds: number;
  /** Number of pods. @default computed from the spans per second */
  readonly replicas?: number;
  /** Further exporters with a queue: those that pass telemetry from outside on. @default 0 */
  readonly outsideQueues?: number;
  /** Spans of network flows per second. @default 0 */
  readonly flowSpansPerSecond?: number;
  /** Values that replace computed resources. @default none */
  readonly size?: Omit<SizeOverride, "replicas" | "minReplicas">;
}

/** Sizes of the gateway. */
export interface OtelGatewaySizing {
  /** One gateway pod. */
  readonly gateway: WorkloadSize;
  /** Undecided traces in one pod: `num_traces` of `tail_sampling`. */
  readonly traces: number;
  /** Remembered decisions of each kind in one pod. At least `traces`. */
  readonly decisions: number;
  /** Services whose span metrics a pod remembers. */
  readonly spanMetricsResources: number;
  /** Items in each exporter's queue. */
  readonly queueItems: number;
  /** Items in the queue of network flows. */
  readonly flowQueueItems: number;
  /** Seconds between SIGTERM and SIGKILL, in which undecided traces are decided and sent, and queues are drained. */
  readonly terminationGraceSeconds: number;
  readonly reasons: Reasons<Omit<OtelGatewaySizing, "gateway" | "reasons">>;
}

/** Series that all gateways together expose on :8889. */
function exposedSeries({ pods, nodes, activeSeries }: Workload): number {
  return pods * kubeletSeries.pod + nodes * kubeletSeries.node + activeSeries * otlpShare;
}

/** Cores that a rate of spans and one of flow spans take. */
const coresFor = (spans: number, flowSpans: number): number => spans / spansPerCore + flowSpans / flowSpansPerCore;

/** Number of gateways for a workload. @param flowSpansPerSecond spans of network flows */
export function gatewayReplicas(workload: Workload, availability: Availability, flowSpansPerSecond = 0): number {
  return replicasFor(coresFor(workload.spansPerSecond, flowSpansPerSecond), coresPerReplica * target, 2, availability);
}

/** Computes {@link OtelGatewaySizing}. */
export function sizeOtelGateway(load: OtelGatewayLoad): OtelGatewaySizing {
  const { workload, availability, decisionWaitSeconds, flowSpansPerSecond = 0 } = load;
  const spans = workload.spansPerSecond;
  const computedReplicas = gatewayReplicas(workload, availability, flowSpansPerSecond);
  const replicas = load.replicas ?? computedReplicas;
  // While one of several gateways restarts, the others have its share.
  const serving = Math.max(1, replicas - 1);
  const spansPerReplica = spans / serving;
  const series = Math.ceil(exposedSeries(workload) / serving);
  const newTraces = spansPerReplica / workload.spansPerTrace;
  const traces = Math.max(1_000, Math.ceil(newTraces * decisionWaitSeconds * burst));
  const decisions = traces * rememberedWaits;
  const items = queueItems(spansPerReplica);
  const queues = ownQueues + (load.outsideQueues ?? 0);
  const flowsPerReplica = flowSpansPerSecond / serving;
  const flowItems = queueItems((flowsPerReplica * flowQueueSeconds) / queueSeconds);
  const held = traces * workload.spansPerTrace * bytesPerSpan;
  const exposed = series * bytesPerSeries;
  const queued = queueBytes(queues, items) + (flowSpansPerSecond > 0 ? flowItems * bytesPerFlowSpan : 0);
  const memory = (idleBytes + held + exposed + 2 * decisions * bytesPerDecision + queued) / 0.8;
  const cpuCores = coresFor(spansPerReplica, flowsPerReplica) / target + (series * secondsPerSeries) / scrapeSeconds;
  const flowsAt = flowSpansPerSecond > 0 ? `, ${Math.ceil(flowsPerReplica)} flow spans/s at ${flowSpansPerCore}` : "";
  const flowsQueued = flowSpansPerSecond > 0 ? `, a queue of ${flowItems} flow spans x ${bytesPerFlowSpan} B` : "";
  const gateway = withOverride(
    sized(
      { replicas, cpuCores: Math.max(0.1, cpuCores), memoryBytes: memory },
      {
        replicas: load.replicas
          ? "set explicitly"
          : `${spans} spans/s at ${spansPerCore} per core with tail sampling${flowSpansPerSecond > 0 ? ` and ${Math.ceil(flowSpansPerSecond)} flow spans/s at ${flowSpansPerCore}` : ""}, at most ${coresPerReplica} cores per replica`,
        cpuCores: `${Math.ceil(spansPerReplica)} spans/s per replica${serving < replicas ? " while another one restarts," : ""} at ${spansPerCore} per core${flowsAt} and ${target * 100}% utilization, and ${series} series`,
        memoryBytes: `${traces} traces in flight x ${workload.spansPerTrace} spans x ${bytesPerSpan} B, ${decisions} remembered decisions, ${series} exposed series x ${bytesPerSeries} B, ${queueReason(queues, items)}${flowsQueued}, and 25% above the memory limiter's limit`,
      },
    ),
    load.size,
  );
  return {
    gateway: load.replicas ? { ...gateway, computed: { ...gateway.computed, replicas: computedReplicas } } : gateway,
    traces,
    decisions,
    spanMetricsResources: Math.max(1_000, workload.pods),
    queueItems: items,
    flowQueueItems: flowItems,
    terminationGraceSeconds: decisionWaitSeconds + drainSeconds,
    reasons: {
      traces: `${newTraces.toFixed(1)} new traces/s per replica${serving < replicas ? " while another one restarts" : ""} x ${decisionWaitSeconds} s decision wait x ${burst}`,
      decisions: `decisions of ${rememberedWaits} decision waits, for late spans`,
      spanMetricsResources: "no more services than pods",
      queueItems: `${queueSeconds} s of spans while the backend is unavailable, and at least five batches`,
      flowQueueItems: `${flowQueueSeconds} s of flow spans, and at least five batches: agents keep what is not accepted`,
      terminationGraceSeconds: "the decision wait, and the time to send what is queued",
    },
  };
}
