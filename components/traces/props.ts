import { type ComponentProps, type Endpoint, type ObjectStore, sizeOverrides } from "../../lib/kubernetes/index.ts";
import {
  type Availability,
  completeWorkload,
  mergeOverrides,
  type Retention,
  retentionProfiles,
  type SizeOverrides,
  type Workload,
} from "../../lib/sizing/index.ts";
import type { TempoMode, TracesBackend, TracesLoad, TracesWorkload } from "./capacity.ts";
import type { JaegerStorage } from "./jaeger/config.ts";
import type { Kafka } from "./tempo/config.ts";

export interface TracesProps extends ComponentProps {
  /** @default "jaeger" */
  readonly backend?: TracesBackend;
  /** The load to size for. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** How long sampled traces are kept (`traces`), in seconds. @default retentionProfiles.standard: 7 days */
  readonly retention?: Retention;
  /** `redundant` runs at least two replicas of everything that can have them. @default "single" */
  readonly availability?: Availability;
  /**
   * Tempo: all components in one process, or one workload per component.
   * @default "microservices" with `kafka`, otherwise "monolithic"
   * @see https://grafana.com/docs/tempo/v3.0.x/set-up-for-tracing/setup-tempo/plan/deployment-modes/
   */
  readonly mode?: TempoMode;
  /** Percentage of ordinary traces that the gateway keeps; errors and slow traces are always kept. @default 100: no sampling */
  readonly keepPercent?: number;
  /** Spans of network flows per second: each is kept. @default 0: there are no flow agents */
  readonly flowSpansPerSecond?: number;
  /**
   * Replicas, CPU, memory and disk that replace computed values, by workload.
   * @default none
   * @example { "live-store": { memoryBytes: 16 * GiB } }
   */
  readonly overrides?: SizeOverrides<TracesWorkload>;
  /** Jaeger: where spans are stored. @default { kind: "badger" }: the pod's volume */
  readonly storage?: JaegerStorage;
  /** Tempo: where blocks are stored. @default { kind: "filesystem" }: the pod's volume, for a single process only */
  readonly objectStore?: ObjectStore;
  /** Tempo: bucket (Azure: container). It must exist. @default "tempo" */
  readonly bucket?: string;
  /** Tempo: the Kafka cluster that microservices mode requires. @default none */
  readonly kafka?: Kafka;
  /**
   * Tempo: limits beyond those derived from the workload, under Tempo's own names. Tempo reloads them without a restart.
   * @default none
   * @example { ingestion: { max_traces_per_user: 100_000 } }
   * @see https://grafana.com/docs/tempo/v3.0.x/configuration/#overrides
   */
  readonly limits?: Readonly<Record<string, unknown>>;
  /** Tempo: remote write endpoint for span metrics and service graphs. @default none: they are not generated */
  readonly metrics?: Endpoint;
}

export interface TracesEndpoints {
  /** OTLP/gRPC, for sampled spans. */
  readonly otlp: Endpoint & { readonly backend: TracesBackend };
  /** The backend's query API, for Grafana. */
  readonly query: Endpoint & { readonly backend: TracesBackend };
}

/** {@link TracesProps} with defaults applied. */
export type ResolvedTracesProps = TracesProps &
  Required<
    Pick<TracesProps, "backend" | "retention" | "availability" | "mode" | "storage" | "objectStore" | "bucket">
  > & { readonly workload: Workload };

/** Applies the documented defaults. */
export function resolveTracesProps(props: TracesProps): ResolvedTracesProps {
  return {
    ...props,
    backend: props.backend ?? "jaeger",
    workload: completeWorkload(props.workload),
    retention: props.retention ?? retentionProfiles.standard,
    availability: props.availability ?? "single",
    mode: props.mode ?? (props.kafka ? "microservices" : "monolithic"),
    storage: props.storage ?? { kind: "badger" },
    objectStore: props.objectStore ?? { kind: "filesystem" },
    bucket: props.bucket ?? "tempo",
  };
}

/** What {@link sizeTraces} needs of the props. */
export function tracesLoad(props: ResolvedTracesProps): TracesLoad {
  const { backend, workload, retention, availability, mode, storage, objectStore } = props;
  const { keepPercent, flowSpansPerSecond } = props;
  const overrides = mergeOverrides(props.overrides, sizeOverrides<TracesWorkload>(props, backend));
  return {
    backend,
    workload,
    retention,
    availability,
    mode,
    storage: storage.kind,
    filesystem: objectStore.kind === "filesystem",
    ...(keepPercent !== undefined && { keepPercent }),
    ...(flowSpansPerSecond !== undefined && { flowSpansPerSecond }),
    overrides,
  };
}
