import type { WorkloadSize } from "../../lib/sizing/index.ts";
import type { JaegerStorage } from "./jaeger/config.ts";
import { sizeJaeger } from "./jaeger/sizing.ts";
import { keptSpans, type TracesLoad } from "./kept-spans.ts";
import { sizeTempo, type TempoSizing } from "./tempo/sizing.ts";

/** What the store has to hold, and in which form. */
export interface TracesSizingLoad extends TracesLoad {
  readonly backend: "jaeger" | "tempo";
  /** Jaeger's store. @default "badger" */
  readonly storage?: JaegerStorage["kind"];
  /** Tempo's blocks stay on the pod's own disk. @default false */
  readonly filesystem?: boolean;
  /** Tempo as a workload a service: there is a Kafka. @default false */
  readonly scalable?: boolean;
}

/** The store's pods, and what reaches them. */
export type TracesSizing = {
  /** Spans a second after sampling. */
  readonly keptSpansPerSecond: number;
} & (
  | { readonly backend: "jaeger"; readonly jaeger: WorkloadSize }
  | { readonly backend: "tempo"; readonly tempo: TempoSizing }
);

/** Computes {@link TracesSizing}. */
export function sizeTraces(load: TracesSizingLoad): TracesSizing {
  const kept = keptSpans(load);
  const keptSpansPerSecond = kept.spansPerSecond;
  if (load.backend === "jaeger") {
    return { backend: "jaeger", keptSpansPerSecond, jaeger: sizeJaeger(kept, load.storage ?? "badger") };
  }
  const mode = load.scalable ? "scalable" : "monolithic";
  return { backend: "tempo", keptSpansPerSecond, tempo: sizeTempo(kept, mode, load.filesystem ?? false) };
}
