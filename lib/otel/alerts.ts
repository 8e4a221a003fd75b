import type { ComponentChart } from "../kubernetes/index.ts";
import type { Alert } from "../monitoring/rules.ts";
import { queueFill, telemetry } from "./panels.ts";
import { collectorName } from "./props.ts";

/** Label matchers of a collector's own metrics. By default the Prometheus operator sets `job` to the Service's name. */
export function selfMetrics(chart: ComponentChart): string {
  return `namespace="${chart.home}", job="${collectorName(chart)}-monitoring"`;
}

/** Rates of one counter of the collector, for each signal whose rate is above zero. */
function counted(counter: string, matchers: string, by: string): string {
  return Object.keys(telemetry)
    .map((item) => `sum by (${by}) (rate(otelcol_${counter}_${item}_total{${matchers}}[5m])) > 0`)
    .join(" or ");
}

/**
 * Alerts about every collector: refused telemetry, filling queues, failing exports and lost telemetry. With the metric
 * names of collector 0.159.
 * @param prefix prefix of the alert names, such as `OtelGateway`
 */
export function collectorAlerts(chart: ComponentChart, prefix: string, who: string): Alert[] {
  const own = selfMetrics(chart);
  return [
    {
      alert: `${prefix}RefusingData`,
      expr: counted("receiver_refused", own, "pod, receiver"),
      for: "5m",
      severity: "warning",
      summary: `The OpenTelemetry ${who} refuses telemetry.`,
      description:
        "{{ $labels.pod }} refuses {{ $value | humanize }} items/s at receiver {{ $labels.receiver }} because it is close to its memory limit. Senders that do not retry lose them.",
    },
    {
      alert: `${prefix}QueueFilling`,
      // Scale at 60 to 70 %: https://opentelemetry.io/docs/collector/scaling/
      expr: `max by (pod, exporter, data_type) (${queueFill(own)}) > 0.7`,
      for: "10m",
      severity: "warning",
      summary: `An export queue of the OpenTelemetry ${who} is filling up.`,
      description:
        "The {{ $labels.data_type }} queue of exporter {{ $labels.exporter }} in {{ $labels.pod }} is {{ $value | humanizePercentage }} full: its destination is too slow or unavailable.",
    },
    {
      alert: `${prefix}ExportFailing`,
      expr: counted("exporter_send_failed", own, "pod, exporter"),
      for: "10m",
      severity: "warning",
      summary: `The OpenTelemetry ${who} fails to export telemetry.`,
      description:
        "Exporter {{ $labels.exporter }} in {{ $labels.pod }} fails to send {{ $value | humanize }} items/s, even after retries.",
    },
    {
      alert: `${prefix}LosingData`,
      expr: counted("exporter_enqueue_failed", own, "pod, exporter"),
      for: "5m",
      severity: "critical",
      summary: `The OpenTelemetry ${who} loses telemetry.`,
      description:
        "The queue of exporter {{ $labels.exporter }} in {{ $labels.pod }} is full: {{ $value | humanize }} items/s are dropped.",
    },
  ];
}
