import type { ComponentChart } from "../kubernetes/index.ts";
import type { Alert } from "../monitoring/rules.ts";
import { collectorName } from "./collector.ts";
import { queueFill, telemetry } from "./panels.ts";

/** Matchers of a collector's own metrics: the operator of Prometheus names a job after the Service. */
export function selfMetrics(chart: ComponentChart): string {
  return `namespace="${chart.home}", job="${collectorName(chart)}-monitoring"`;
}

/** Telemetry a second that one of the collectors' counters has counted, of whichever kind there is any. */
function counted(counter: string, matchers: string, by: string): string {
  return Object.keys(telemetry)
    .map((item) => `sum by (${by}) (rate(otelcol_${counter}_${item}_total{${matchers}}[5m])) > 0`)
    .join(" or ");
}

/**
 * Alerts that every collector needs: telemetry refused at the door, queues that fill, sending that fails, telemetry
 * lost for good. Names follow the collector's own metrics as of 0.159.
 * @param prefix of the alerts' names, `OtelGateway`
 */
export function collectorAlerts(chart: ComponentChart, prefix: string, who: string): Alert[] {
  const own = selfMetrics(chart);
  return [
    {
      alert: `${prefix}RefusingData`,
      expr: counted("receiver_refused", own, "pod, receiver"),
      for: "5m",
      severity: "warning",
      summary: `The ${who} refuses telemetry`,
      description:
        "{{ $labels.pod }} refuses {{ $value | humanize }} items/s at {{ $labels.receiver }}: its memory limiter sheds load. Senders that do not retry lose them.",
    },
    {
      alert: `${prefix}QueueFilling`,
      // Between 60 and 70 % is where the collector's own documents say to scale.
      expr: `max by (pod, exporter, data_type) (${queueFill(own)}) > 0.7`,
      for: "10m",
      severity: "warning",
      summary: `A queue of the ${who} is filling`,
      description:
        "The {{ $labels.data_type }} queue of {{ $labels.exporter }} in {{ $labels.pod }} is {{ $value | humanizePercentage }} full: what it sends to is too slow or away.",
    },
    {
      alert: `${prefix}ExportFailing`,
      expr: counted("exporter_send_failed", own, "pod, exporter"),
      for: "10m",
      severity: "warning",
      summary: `The ${who} cannot send`,
      description:
        "{{ $labels.exporter }} in {{ $labels.pod }} fails to send {{ $value | humanize }} items/s, after its retries.",
    },
    {
      alert: `${prefix}LosingData`,
      expr: counted("exporter_enqueue_failed", own, "pod, exporter"),
      for: "5m",
      severity: "critical",
      summary: `The ${who} loses telemetry`,
      description:
        "The queue of {{ $labels.exporter }} in {{ $labels.pod }} is full: {{ $value | humanize }} items/s are thrown away.",
    },
  ];
}
