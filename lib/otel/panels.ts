import type { GaugePanel } from "../monitoring/panel.ts";
import type { Counted } from "../monitoring/rates.ts";

/** Items that collectors count, by their name in metric names: each signal has its own counter. */
export const telemetry = {
  spans: "spans",
  metric_points: "data points",
  log_records: "log records",
} as const;

/** Stage of the pipeline at which a collector counts telemetry. */
export type Stage = "receiver_accepted" | "receiver_refused" | "exporter_sent" | "exporter_send_failed";

/** Counters of one stage, for a panel that shows every signal. */
export function telemetryCounters(stage: Stage): readonly Counted[] {
  return Object.entries(telemetry).map(([item, name]) => ({ counter: `otelcol_${stage}_${item}_total`, name }));
}

/** The counter of spans at one stage. @param name name in the legend. @default the labels alone */
export function spans(stage: Stage, name?: string): Counted {
  return { counter: `otelcol_${stage}_spans_total`, ...(name && { name }) };
}

/** Fill level of the export queues, 0 to 1. @param own label matchers of the collectors' metrics */
export const queueFill = (own: string): string =>
  `otelcol_exporter_queue_size{${own}} / otelcol_exporter_queue_capacity{${own}}`;

/** The fullest queue. Thresholds from https://opentelemetry.io/docs/collector/scaling/: scale at 60 to 70 %. */
export function fullestQueue(own: string): GaugePanel {
  return {
    type: "gauge",
    title: "Fullest queue",
    unit: "percentunit",
    min: 0,
    max: 1,
    height: 4,
    thresholds: { warning: 0.6, critical: 0.7 },
    queries: [{ promql: `max(${queueFill(own)})` }],
  };
}

/** A gateway's exporter of traces, named after its backend, so that the exporter's own metrics say where the backpressure is. */
export const tracesExporter = (backend: string): string => `otlp_grpc/${backend}`;

/** PromQL matcher of the series of these receivers. */
export const oneOfReceivers = (receivers: readonly string[]): string =>
  `receiver${receivers.length === 1 ? "=" : "=~"}"${receivers.join("|")}"`;
