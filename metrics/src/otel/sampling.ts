// Apart from the tracing itself: reading a configuration must not load OpenTelemetry.

/** Who decides whether a trace is kept. */
export const SAMPLING_STRATEGIES = ["parent_based", "trace_id_ratio", "always_on", "always_off"] as const;
export type SamplingStrategy = (typeof SAMPLING_STRATEGIES)[number];
