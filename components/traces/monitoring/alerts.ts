import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { TracesSizing } from "../sizing.ts";

/** Label matchers that select the trace backend's own series: `job` is the name of the scraped Service. */
function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/** Alerts about the trace backend itself. */
export function tracesAlerts(chart: ComponentChart, sizing: TracesSizing): RuleGroup[] {
  const own = ownSeries(chart);
  if (sizing.backend === "jaeger") return [{ name: "jaeger", rules: jaegerAlerts(own) }];
  const { mode } = sizing.tempo;
  return [{ name: "tempo", rules: [...tempoAlerts(own), ...(mode === "microservices" ? queueAlerts(own) : [])] }];
}

function jaegerAlerts(own: string): Alert[] {
  return [
    {
      alert: "JaegerSpansNotStored",
      expr: `sum by (namespace, pod) (rate(otelcol_exporter_send_failed_spans_total{${own},exporter="jaeger_storage_exporter"}[5m])) > 0`,
      for: "10m",
      severity: "critical",
      summary: "Jaeger fails to write spans to its storage.",
      description: '{{ $labels.pod }} is losing {{ $value | printf "%.1f" }} spans/s.',
    },
    {
      alert: "JaegerSpansRefused",
      expr: `sum by (namespace, pod) (rate(otelcol_receiver_refused_spans_total{${own}}[5m])) > 0`,
      for: "10m",
      severity: "warning",
      summary: "Jaeger is refusing spans because its memory limit is reached.",
      description:
        '{{ $labels.pod }} refuses {{ $value | printf "%.1f" }} spans/s; the gateway retries for five minutes.',
    },
    {
      alert: "JaegerQueriesFailing",
      expr: `100 * sum by (namespace, operation) (rate(jaeger_storage_requests_total{${own},result="err"}[5m])) / sum by (namespace, operation) (rate(jaeger_storage_requests_total{${own}}[5m])) > 10`,
      for: "15m",
      severity: "warning",
      summary: "More than 10 % of Jaeger's storage queries fail.",
      description: '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} operations fail.',
    },
  ];
}

function tempoAlerts(own: string): Alert[] {
  return [
    {
      alert: "TempoRequestErrors",
      expr: `100 * sum by (namespace, job, route) (rate(tempo_request_duration_seconds_count{${own},status_code=~"5.."}[5m])) / sum by (namespace, job, route) (rate(tempo_request_duration_seconds_count{${own}}[5m])) > 10`,
      for: "15m",
      severity: "critical",
      summary: "More than 10 % of requests to Tempo fail.",
      description:
        '{{ $labels.job }} returns errors for {{ $value | printf "%.1f" }} % of requests to {{ $labels.route }}.',
    },
    {
      alert: "TempoSpansDiscarded",
      expr: `sum by (namespace, reason) (rate(tempo_discarded_spans_total{${own}}[5m])) > 1`,
      for: "15m",
      severity: "warning",
      summary: "Tempo is discarding spans.",
      description: '{{ $value | printf "%.0f" }} spans/s are discarded (reason: {{ $labels.reason }}).',
    },
    {
      alert: "TempoCompactionsFailing",
      expr: `sum by (namespace) (increase(tempodb_compaction_errors_total{${own}}[1h])) > 2 and sum by (namespace) (increase(tempodb_compaction_errors_total{${own}}[5m])) > 0`,
      for: "1h",
      severity: "warning",
      summary: "Tempo fails to compact blocks.",
      description:
        "{{ $value }} compactions failed within an hour; queries slow down and expired traces are not deleted.",
    },
    {
      alert: "TempoPollsFailing",
      expr: `sum by (namespace) (increase(tempodb_blocklist_poll_errors_total{${own}}[1h])) > 2 and sum by (namespace) (increase(tempodb_blocklist_poll_errors_total{${own}}[5m])) > 0`,
      for: "15m",
      severity: "critical",
      summary: "Tempo fails to list its blocks.",
      description: "{{ $value }} block list polls failed within an hour; queries miss blocks written since.",
    },
  ];
}

function queueAlerts(own: string): Alert[] {
  return [
    {
      alert: "TempoQueueLag",
      expr: `max by (namespace, group, partition) (avg_over_time(tempo_ingest_group_partition_lag_seconds{${own}}[6m])) > 200`,
      for: "15m",
      severity: "warning",
      summary: "Tempo's Kafka consumers are lagging.",
      description:
        "Consumer group {{ $labels.group }} is {{ $value | humanizeDuration }} behind on partition {{ $labels.partition }}; recent traces are not found.",
    },
  ];
}
