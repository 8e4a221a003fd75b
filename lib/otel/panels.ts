import type { GaugePanel } from "../monitoring/panel.ts";
import type { Counted } from "../monitoring/rates.ts";

/** What the collectors' counters count, by its name in a counter: each kind of telemetry has a counter of its own. */
export const telemetry = {
  spans: "spans",
  metric_points: "data points",
  log_records: "log records",
} as const;

/** Where on its way through a collector telemetry is counted: taken in, not taken in, sent, not sent. */
export type Stage = "receiver_accepted" | "receiver_refused" | "exporter_sent" | "exporter_send_failed";

/** The collectors' counters of one stage, for a panel that shows every kind of telemetry. */
export function telemetryCounters(stage: Stage): readonly Counted[] {
  return Object.entries(telemetry).map(([item, name]) => ({ counter: `otelcol_${stage}_${item}_total`, name }));
}

/** A collector's counter of spans at one stage. @param name in the legend. @default the labels alone */
export function spans(stage: Stage, name?: string): Counted {
  return { counter: `otelcol_${stage}_spans_total`, ...(name && { name }) };
}

/** How full collectors' queues are, 0 to 1. @param own matchers of the collectors' series */
export const queueFill = (own: string): string =>
  `otelcol_exporter_queue_size{${own}} / otelcol_exporter_queue_capacity{${own}}`;

/** The queue that is nearest to losing data; the collector's own documents say to scale between 60 and 70 %. */
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
