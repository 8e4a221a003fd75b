import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import type { Alert, RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { TracesSizing } from "../sizing.ts";

/** Label matchers of the store's own series: the job is the name of the Service that was scraped. */
export function ownSeries(chart: ComponentChart): string {
  return `namespace="${chart.home}",job=~"${chart.name}(-.+)?"`;
}

/** Alerts about the store of traces itself. */
export function tracesRules(chart: ComponentChart, sizing: TracesSizing): RuleGroup[] {
  const own = ownSeries(chart);
  if (sizing.backend === "jaeger") return [{ name: "jaeger", rules: jaegerAlerts(own) }];
  const { mode } = sizing.tempo;
  return [{ name: "tempo", rules: [...tempoAlerts(own), ...(mode === "scalable" ? queueAlerts(own) : [])] }];
}

function jaegerAlerts(own: string): Alert[] {
  return [
    {
      alert: "JaegerSpansNotStored",
      expr: `sum by (namespace, pod) (rate(otelcol_exporter_send_failed_spans_total{${own},exporter="jaeger_storage_exporter"}[5m])) > 0`,
      for: "10m",
      severity: "critical",
      summary: "Jaeger cannot write spans to its store.",
      description: '{{ $labels.pod }} loses {{ $value | printf "%.1f" }} spans a second.',
    },
    {
      alert: "JaegerSpansRefused",
      expr: `sum by (namespace, pod) (rate(otelcol_receiver_refused_spans_total{${own}}[5m])) > 0`,
      for: "10m",
      severity: "warning",
      summary: "Jaeger refuses spans: its memory is full.",
      description:
        '{{ $labels.pod }} refuses {{ $value | printf "%.1f" }} spans a second; the gateway retries for five minutes.',
    },
    {
      alert: "JaegerQueriesFailing",
      expr: `100 * sum by (namespace, operation) (rate(jaeger_storage_requests_total{${own},result="err"}[5m])) / sum by (namespace, operation) (rate(jaeger_storage_requests_total{${own}}[5m])) > 10`,
      for: "15m",
      severity: "warning",
      summary: "Jaeger's store answers queries with errors.",
      description: '{{ $value | printf "%.1f" }} % of {{ $labels.operation }} fail.',
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
      summary: "More than 10 % of Tempo's requests fail.",
      description: '{{ $labels.job }} answers {{ $labels.route }} with {{ $value | printf "%.1f" }} % errors.',
    },
    {
      alert: "TempoSpansDiscarded",
      expr: `sum by (namespace, reason) (rate(tempo_discarded_spans_total{${own}}[5m])) > 1`,
      for: "15m",
      severity: "warning",
      summary: "Tempo throws spans away.",
      description: '{{ $value | printf "%.0f" }} spans a second are refused: {{ $labels.reason }}.',
    },
    {
      alert: "TempoCompactionsFailing",
      expr: `sum by (namespace) (increase(tempodb_compaction_errors_total{${own}}[1h])) > 2 and sum by (namespace) (increase(tempodb_compaction_errors_total{${own}}[5m])) > 0`,
      for: "1h",
      severity: "warning",
      summary: "Tempo cannot compact blocks.",
      description: "{{ $value }} compactions failed in an hour: queries slow down, and old traces are not deleted.",
    },
    {
      alert: "TempoPollsFailing",
      expr: `sum by (namespace) (increase(tempodb_blocklist_poll_errors_total{${own}}[1h])) > 2 and sum by (namespace) (increase(tempodb_blocklist_poll_errors_total{${own}}[5m])) > 0`,
      for: "15m",
      severity: "critical",
      summary: "Tempo cannot list its blocks.",
      description: "{{ $value }} polls of object storage failed in an hour: queries miss what was written since.",
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
      summary: "Tempo reads spans from Kafka too slowly.",
      description:
        "{{ $labels.group }} is {{ $value | humanizeDuration }} behind in partition {{ $labels.partition }}: recent traces are not found.",
    },
  ];
}
