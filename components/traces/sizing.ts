import { type WorkloadSize, withOverride } from "../../lib/sizing/index.ts";
import { keptSpans, type TracesLoad, type TracesWorkload } from "./capacity.ts";
import { sizeJaeger } from "./jaeger/sizing.ts";
import { sizeTempo, type TempoSizing } from "./tempo/sizing.ts";

/** Replicas and resources of every workload, with the reason for each number. */
export type TracesSizing = {
  /** Spans per second after sampling. */
  readonly keptSpansPerSecond: number;
} & (
  | { readonly backend: "jaeger"; readonly jaeger: WorkloadSize }
  | { readonly backend: "tempo"; readonly tempo: TempoSizing }
);

/** Computes {@link TracesSizing}. */
export function sizeTraces(load: TracesLoad): TracesSizing {
  const kept = keptSpans(load);
  const keptSpansPerSecond = kept.spansPerSecond;
  const override = (name: TracesWorkload, size: WorkloadSize) => withOverride(size, load.overrides?.[name]);
  if (load.backend === "jaeger") {
    const jaeger = override("jaeger", sizeJaeger(kept, load.storage ?? "badger"));
    return { backend: "jaeger", keptSpansPerSecond, jaeger };
  }
  const { mode = "monolithic", filesystem = false } = load;
  return { backend: "tempo", keptSpansPerSecond, tempo: sizeTempo(kept, mode, filesystem, override) };
}
