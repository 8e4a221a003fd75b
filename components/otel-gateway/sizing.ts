import {
  type Availability,
  MiB,
  type Reasons,
  replicasFor,
  sized,
  type Workload,
  type WorkloadSize,
} from "../../lib/sizing/index.ts";

/** Spans a second that one core carries with tail sampling: 8 k, from published collector load tests. */
const spansPerCore = 8_000;
/** One replica is not grown beyond this: more, smaller replicas lose less when one goes. */
const coresPerReplica = 4;
/** Share of a core at which another replica is better. */
const target = 0.65;
/** Bytes that a span takes while its trace is undecided: 1 to 2 KB measured by users of tail sampling. */
const bytesPerSpan = 1_500;
/** Resident size of an idle gateway: 78 MiB measured with contrib 0.159. */
const idleBytes = 96 * MiB;
/** A decision takes an id and a list entry of an LRU cache: about 100 bytes. */
const bytesPerDecision = 100;
/** How much longer than the wait a decision is remembered, for spans that come late. */
const rememberedWaits = 10;
/** Traces in flight vary with the load: 1.5 of the mean is held. */
const burst = 1.5;
/** Seconds of telemetry that an exporter's queue holds while its backend restarts. */
const queueSeconds = 30;
/** Bytes of a queued item, serialised. */
const bytesPerQueuedItem = 600;

/** What the gateway has to carry and how it decides. */
export interface OtelGatewayLoad {
  readonly workload: Workload;
  readonly availability: Availability;
  /** Seconds that a trace waits for its spans. */
  readonly decisionWaitSeconds: number;
  /** Pods, instead of as many as the load needs. @default computed */
  readonly replicas?: number;
}

/** The gateway's pods and the sizes of what they hold. */
export interface OtelGatewaySizing {
  readonly gateway: WorkloadSize;
  /** Traces held undecided in one pod: `tail_sampling.num_traces`. */
  readonly traces: number;
  /** Decisions remembered in one pod, of each kind. Never fewer than `traces`. */
  readonly decisions: number;
  /** Items in one exporter's queue. */
  readonly queueItems: number;
  /** Seconds between SIGTERM and SIGKILL: what is undecided is decided and sent at once, the queue drains. */
  readonly terminationGraceSeconds: number;
  readonly reasons: Reasons<Omit<OtelGatewaySizing, "gateway" | "reasons">>;
}

/** Computes {@link OtelGatewaySizing} from the workload. */
export function sizeOtelGateway(load: OtelGatewayLoad): OtelGatewaySizing {
  const { workload, availability, decisionWaitSeconds } = load;
  const spans = workload.spansPerSecond;
  const replicas = load.replicas ?? replicasFor(spans, spansPerCore * coresPerReplica * target, 2, availability);
  const spansPerReplica = spans / replicas;
  const newTraces = spansPerReplica / workload.spansPerTrace;
  const traces = Math.max(1_000, Math.ceil(newTraces * decisionWaitSeconds * burst));
  const decisions = traces * rememberedWaits;
  const queueItems = Math.max(5_000, Math.ceil(spansPerReplica * queueSeconds));
  const held = traces * workload.spansPerTrace * bytesPerSpan;
  const memory = (idleBytes + held + 2 * decisions * bytesPerDecision + queueItems * bytesPerQueuedItem) / 0.8;
  return {
    gateway: sized(
      { replicas, cpuCores: Math.max(0.1, spansPerReplica / spansPerCore / target), memoryBytes: memory },
      {
        replicas: load.replicas
          ? "set in the stack's configuration"
          : `${spans} spans/s at ${spansPerCore} a core with tail sampling, at most ${coresPerReplica} cores a replica`,
        cpuCores: `${Math.ceil(spansPerReplica)} spans/s a replica at ${target * 100} % of a core's ${spansPerCore}`,
        memoryBytes: `${traces} traces in flight x ${workload.spansPerTrace} spans x ${bytesPerSpan} B, ${decisions} remembered decisions, a queue of ${queueItems} items, and 20 % above the soft limit`,
      },
    ),
    traces,
    decisions,
    queueItems,
    terminationGraceSeconds: decisionWaitSeconds + queueSeconds,
    reasons: {
      traces: `${newTraces.toFixed(1)} new traces/s a replica x ${decisionWaitSeconds} s wait x ${burst}`,
      decisions: `${rememberedWaits} waits' worth of decisions, for spans that come late`,
      queueItems: `${queueSeconds} s of spans while the backend restarts`,
      terminationGraceSeconds: "the decision wait and a queue's worth of sending",
    },
  };
}
