import { isSpanContextValid, TraceFlags, trace } from "@opentelemetry/api";
import type { ExemplarLabels } from "../registry/recorder.ts";

/** The active trace, where it is sampled and so can be looked up: for `registry.exemplarsFrom(activeTrace)`. */
export function activeTrace(): ExemplarLabels | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span) || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return { trace_id: span.traceId, span_id: span.spanId };
}
