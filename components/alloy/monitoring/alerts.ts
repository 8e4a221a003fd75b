import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";

/** Label matchers of Alloy's own metrics. */
function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job="${chart.name}"`;
}

/** Alerts about Alloy itself. */
export function alloyRules(
  chart: ComponentChart,
  does: { readonly logs: boolean; readonly otlp: boolean },
): RuleGroup[] {
  const own = ownSeries(chart);
  return [
    {
      name: "alloy",
      rules: [
        {
          alert: "AlloyComponentUnhealthy",
          expr: `sum by (namespace, pod, health_type) (alloy_component_controller_running_components{${own},health_type!="healthy"}) > 0`,
          for: "15m",
          severity: "warning",
          summary: "Alloy components are unhealthy.",
          description: "{{ $value }} components of {{ $labels.pod }} are {{ $labels.health_type }}.",
        },
        {
          alert: "AlloyConfigRejected",
          expr: `max by (namespace, pod) (alloy_config_last_load_successful{${own}}) == 0`,
          for: "5m",
          severity: "warning",
          summary: "Alloy failed to load its configuration.",
          description: "{{ $labels.pod }} runs with an outdated configuration.",
        },
        ...(does.logs ? logAlerts(own) : []),
        ...(does.otlp ? otlpAlerts(own) : []),
      ],
    },
  ];
}

function logAlerts(own: string): Alert[] {
  return [
    {
      alert: "AlloyLogsDropped",
      expr: `sum by (namespace, pod, reason) (rate(loki_write_dropped_entries_total{${own}}[5m])) > 0`,
      for: "15m",
      severity: "warning",
      summary: "Alloy is dropping log lines.",
      description: '{{ $labels.pod }} drops {{ $value | printf "%.1f" }} log lines per second: {{ $labels.reason }}.',
    },
    {
      alert: "AlloyLogsNotAccepted",
      expr: `100 * sum by (namespace, pod) (rate(loki_write_request_duration_seconds_count{${own},status_code!~"2.."}[5m])) / sum by (namespace, pod) (rate(loki_write_request_duration_seconds_count{${own}}[5m])) > 10`,
      for: "15m",
      severity: "warning",
      summary: "Loki rejects log pushes from Alloy.",
      description: '{{ $value | printf "%.1f" }}% of the pushes from {{ $labels.pod }} fail.',
    },
  ];
}

function otlpAlerts(own: string): Alert[] {
  // Each signal is compared on its own: with a single comparison, the zero of one would hide the failures of another.
  const failed = ["spans", "metric_points", "log_records"]
    .map((signal) => `sum by (namespace, pod) (rate(otelcol_exporter_send_failed_${signal}_total{${own}}[5m])) > 0`)
    .join(" or ");
  return [
    {
      alert: "AlloyTelemetryRefused",
      expr: `sum by (namespace, pod) (rate(otelcol_receiver_refused_spans_total{${own}}[5m])) > 0`,
      for: "10m",
      severity: "warning",
      summary: "Alloy refuses spans because it is close to its memory limit.",
      description:
        '{{ $labels.pod }} refuses {{ $value | printf "%.1f" }} spans per second. Clients that run out of retries drop them.',
    },
    {
      alert: "AlloyTelemetryNotDelivered",
      expr: failed,
      for: "10m",
      severity: "warning",
      summary: "Alloy fails to send telemetry to the gateway.",
      description: '{{ $labels.pod }} drops {{ $value | printf "%.1f" }} items per second after its retries.',
    },
  ];
}
