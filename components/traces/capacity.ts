import {
  type Availability,
  type Retention,
  type SizeOverrides,
  spansPerFlow,
  type Workload,
} from "../../lib/sizing/index.ts";

/** The trace backends that can be deployed. */
export type TracesBackend = "jaeger" | "tempo";

/** `monolithic`: all of Tempo in one process. `microservices`: one workload per component, connected by Kafka. */
export type TempoMode = "monolithic" | "microservices";

/** Components of Tempo that run as workloads of their own in microservices mode. */
export type TempoService = (typeof tempoServices)[number];
export const tempoServices = [
  "distributor",
  "live-store",
  "block-builder",
  "querier",
  "query-frontend",
  "backend-scheduler",
  "backend-worker",
  "metrics-generator",
] as const;

/** Workloads whose size can be overridden: `jaeger` and `tempo` are the single-process forms. */
export type TracesWorkload = "jaeger" | "tempo" | TempoService;

/**
 * Bytes per span on the wire: Tempo's monolithic limits of 25 MB/s and 55 k spans/s describe the same load.
 * @see https://grafana.com/docs/tempo/v3.0.x/set-up-for-tracing/setup-tempo/plan/deployment-modes/
 */
export const bytesPerSpan = 25e6 / 55e3;

/** Fraction of traces that tail sampling always keeps: errors and slow ones. An estimate; healthy services have fewer. */
const alwaysKept = 0.05;

/** The load that {@link sizeTraces} sizes for. */
export interface TracesLoad {
  readonly backend: TracesBackend;
  readonly workload: Workload;
  readonly availability: Availability;
  readonly retention: Retention;
  /** Percentage of ordinary traces that the gateway keeps; errors and slow traces are always kept. @default 100: no sampling */
  readonly keepPercent?: number;
  /** Spans of network flows per second, none of which is sampled. @default 0 */
  readonly flowSpansPerSecond?: number;
  /** Jaeger's storage. @default "badger" */
  readonly storage?: "badger" | "elasticsearch" | "opensearch";
  /** Whether Tempo's blocks are on the pod's volume instead of in an object store. @default false */
  readonly filesystem?: boolean;
  /** Tempo's deployment mode. @default "monolithic" */
  readonly mode?: TempoMode;
  /** @default none */
  readonly overrides?: SizeOverrides<TracesWorkload>;
}

/** The load on the backend after sampling. */
export interface KeptSpans {
  readonly spansPerSecond: number;
  readonly spansPerTrace: number;
  readonly retentionSeconds: number;
  readonly availability: Availability;
}

/** Spans per second that the backend stores, and for how long. */
export function keptSpans({
  workload,
  availability,
  retention,
  keepPercent = 100,
  flowSpansPerSecond = 0,
}: Pick<TracesLoad, "workload" | "availability" | "retention" | "keepPercent" | "flowSpansPerSecond">): KeptSpans {
  const share = alwaysKept + (1 - alwaysKept) * (keepPercent / 100);
  const sampled = workload.spansPerSecond * share;
  const spansPerSecond = sampled + flowSpansPerSecond;
  // Each flow is a trace of its own.
  const tracesPerSecond = sampled / workload.spansPerTrace + flowSpansPerSecond / spansPerFlow;
  return {
    spansPerSecond,
    spansPerTrace: flowSpansPerSecond > 0 ? spansPerSecond / tracesPerSecond : workload.spansPerTrace,
    retentionSeconds: retention.traces,
    availability,
  };
}
