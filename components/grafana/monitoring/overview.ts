import { clusterVariable, type Dashboard, type Link, type Panel, type Row } from "../../../lib/monitoring/dashboard.ts";
import { oncePerShard } from "../../../lib/monitoring/prometheus-pairs.ts";
import { oneOfReceivers, tracesExporter } from "../../../lib/otel/index.ts";
import type { Sources } from "../data-sources.ts";

export interface OverviewOptions {
  /** UIDs of the dashboards that exist, to which the overview links. @default all of them */
  readonly dashboards?: readonly string[] | undefined;
  /** Receivers by which spans arrive at the gateways, each span at one of them. @default ["otlp"] */
  readonly spanReceivers?: readonly string[] | undefined;
}

/**
 * Grafana's home page: the flow of each signal from its source to its store, hop by hop, with links to the dashboards of
 * the components involved. Signals without a data source have no row.
 */
export function overviewDashboard(
  { mimir, loki, traces }: Sources,
  { dashboards: known, spanReceivers = ["otlp"] }: OverviewOptions,
): Dashboard {
  const rows = [
    alerts,
    metrics(mimir !== undefined),
    ...(loki ? [logs] : []),
    ...(traces ? [tracing(traces.backend, spanReceivers)] : []),
  ];
  const alive = (link: Link) => !("dashboard" in link) || known === undefined || known.includes(link.dashboard);
  return {
    uid: "skopos-overview",
    title: "Overview",
    description:
      "Health of every signal's pipeline: what is produced, what arrives, what is lost, and which alerts fire.",
    refresh: "10s",
    variables: [clusterVariable],
    rows: rows.map((row) => ({
      ...row,
      panels: row.panels.map((panel) => ({ ...panel, links: panel.links?.filter(alive) ?? [] })),
    })),
  };
}

/** Matches the series of the selected cluster. */
const at = 'cluster=~"$cluster"';

/** A number that should be zero. */
const lost = (title: string, promql: string, dashboard: string, unit: "cps" | "s" | "none" = "cps"): Panel => ({
  type: "stat",
  title,
  unit,
  noValue: "0",
  thresholds: { critical: unit === "s" ? 120 : 0.01 },
  queries: [{ promql }],
  links: [{ title, dashboard }],
});

/** A throughput, which should not be zero. */
const flow = (title: string, promql: string, dashboard: string, unit: "cps" | "Bps" | "short" = "cps"): Panel => ({
  type: "stat",
  title,
  unit,
  noValue: "none",
  queries: [{ promql }],
  links: [{ title, dashboard }],
});

const alerts: Row = {
  title: "Alerts",
  panels: [
    {
      type: "stat",
      title: "Alerting pipeline",
      description:
        "The Watchdog alert always fires. If it is missing, rules are not evaluated and no other alert fires either.",
      unit: "none",
      noValue: "no Watchdog",
      mappings: { 0: ["broken", "red"], 1: ["working", "green"] },
      queries: [{ promql: `max(ALERTS{${at}, alertname="Watchdog", alertstate="firing"})` }],
    },
    {
      type: "stat",
      title: "Critical",
      unit: "none",
      noValue: "0",
      thresholds: { critical: 1 },
      queries: [{ promql: `count(ALERTS{${at}, alertstate="firing", severity="critical"})` }],
    },
    {
      type: "stat",
      title: "Warnings",
      unit: "none",
      noValue: "0",
      thresholds: { warning: 1 },
      queries: [{ promql: `count(ALERTS{${at}, alertstate="firing", severity="warning"})` }],
    },
    lost(
      "Failed notifications",
      `sum(rate(alertmanager_notifications_failed_total{${at}}[5m]))`,
      "skopos-kube-prometheus",
    ),
    lost(
      "Failed rule evaluations",
      `(sum(rate(prometheus_rule_evaluation_failures_total{${at}}[5m])) or vector(0)) + (sum(rate(cortex_prometheus_rule_evaluation_failures_total{${at}}[5m])) or vector(0))`,
      "skopos-kube-prometheus",
    ),
    {
      type: "table",
      title: "Firing alerts",
      queries: [
        {
          promql: `sum by (alertname, severity, namespace) (ALERTS{${at}, alertstate="firing", alertname!="Watchdog"})`,
        },
      ],
      columns: [
        { field: "severity", title: "Severity" },
        { field: "alertname", title: "Alert" },
        { field: "namespace", title: "Namespace" },
        { field: "Value", title: "Count" },
      ],
    },
  ],
};

function metrics(mimir: boolean): Row {
  const prometheus = "skopos-kube-prometheus";
  return {
    title: "Metrics: targets, Prometheus, Mimir",
    panels: [
      {
        type: "stat",
        title: "Targets up",
        unit: "percentunit",
        decimals: 1,
        thresholds: { warning: 0.99, critical: 0.9, bad: "low" },
        queries: [{ promql: `avg(up{${at}})` }],
        links: [{ title: "Prometheus", dashboard: prometheus }],
      },
      flow(
        "Samples scraped",
        `sum(${oncePerShard(`rate(prometheus_tsdb_head_samples_appended_total{${at}}[5m])`)})`,
        prometheus,
      ),
      flow("Series in Prometheus", `sum(${oncePerShard(`prometheus_tsdb_head_series{${at}}`)})`, prometheus, "short"),
      ...(mimir
        ? [
            lost(
              "Remote write lag",
              `max(prometheus_remote_storage_queue_highest_timestamp_seconds{${at}} - prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${at}})`,
              prometheus,
              "s",
            ),
            flow(
              "Samples received by Mimir",
              `sum(rate(cortex_distributor_received_samples_total{${at}}[5m]))`,
              "skopos-mimir",
            ),
            lost("Samples rejected by Mimir", `sum(rate(cortex_discarded_samples_total{${at}}[5m]))`, "skopos-mimir"),
          ]
        : []),
    ],
  };
}

const logs: Row = {
  title: "Logs: Alloy, Loki",
  panels: [
    flow("Log lines sent by Alloy", `sum(rate(loki_write_sent_entries_total{${at}}[5m]))`, "skopos-alloy"),
    lost("Log lines dropped by Alloy", `sum(rate(loki_write_dropped_entries_total{${at}}[5m]))`, "skopos-alloy"),
    flow("Bytes received by Loki", `sum(rate(loki_distributor_bytes_received_total{${at}}[5m]))`, "skopos-loki", "Bps"),
    flow("Log lines received by Loki", `sum(rate(loki_distributor_lines_received_total{${at}}[5m]))`, "skopos-loki"),
    lost("Log lines rejected by Loki", `sum(rate(loki_discarded_samples_total{${at}}[5m]))`, "skopos-loki"),
  ],
};

/** Spans stored by each backend. Jaeger is a collector that stores through an exporter. */
const stored = {
  jaeger: `sum(rate(otelcol_exporter_sent_spans_total{${at}, job=~"jaeger(-.+)?", exporter="jaeger_storage_exporter"}[5m]))`,
  tempo: `sum(rate(tempo_distributor_spans_received_total{${at}}[5m]))`,
};

function tracing(backend: "jaeger" | "tempo", spanReceivers: readonly string[]): Row {
  const agents = `${at}, job=~"otel-agent.*-monitoring"`;
  const gateways = `${at}, job=~"otel-gateway.*-monitoring"`;
  // Jaeger is built from the collector's parts, and counts by the same names.
  const collectors = `${at}, job!~"jaeger(-.+)?"`;
  return {
    title: "Traces: agents, gateway, backend",
    panels: [
      flow(
        "Spans received by agents",
        `sum(rate(otelcol_receiver_accepted_spans_total{${agents}}[5m]))`,
        "skopos-otel-agent",
      ),
      flow(
        "Spans received by gateways",
        `sum(rate(otelcol_receiver_accepted_spans_total{${gateways}, ${oneOfReceivers(spanReceivers)}}[5m]))`,
        "skopos-otel-gateway",
      ),
      flow(
        "Spans sent by gateways",
        `sum(rate(otelcol_exporter_sent_spans_total{${gateways}, exporter="${tracesExporter(backend)}"}[5m]))`,
        "skopos-otel-gateway",
      ),
      flow("Spans stored", stored[backend], "skopos-traces"),
      lost(
        "Spans refused by collectors",
        `sum(rate(otelcol_receiver_refused_spans_total{${collectors}}[5m]))`,
        "skopos-otel-gateway",
      ),
      lost(
        "Spans failed to send",
        `(sum(rate(otelcol_exporter_send_failed_spans_total{${collectors}}[5m])) or vector(0)) + (sum(rate(otelcol_exporter_enqueue_failed_spans_total{${collectors}}[5m])) or vector(0))`,
        "skopos-otel-gateway",
      ),
    ],
  };
}
