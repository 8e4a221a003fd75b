import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { clientProcess, processRow } from "../../../lib/monitoring/process-row.ts";
import { latencyPanel, ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import type { LokiSizing } from "../sizing.ts";
import { streamLimitUsed, type TenantLimits } from "./stream-limit.ts";

/**
 * Loki's dashboard: writes, queries, top senders, chunk flushing and retention.
 * @param tenants limits of single tenants
 */
export function lokiDashboard(chart: ComponentChart, sizing: LokiSizing, tenants: TenantLimits): Dashboard {
  const job = `job=~"${chart.name}(-.+)?"`;
  const own = `cluster=~"$cluster", namespace=~"$namespace", ${job}`;
  return {
    uid: "skopos-loki",
    title: "Loki",
    description: "Log writes and queries, discarded lines, chunk flushing to object storage, and retention.",
    variables: [clusterVariable, { name: "namespace", title: "Namespace", of: `up{cluster=~"$cluster", ${job}}` }],
    links: [{ title: "Alloy", dashboard: "skopos-alloy" }],
    rows: [
      now(own, streamLimitUsed(own, "cluster, namespace, tenant", sizing, tenants)),
      writes(own),
      reads(own),
      senders(),
      storage(own),
      processRow(own, clientProcess),
    ],
  };
}

function now(own: string, streamLimit: string): Row {
  return {
    title: "Now",
    panels: [
      rateStat({ title: "Received", own, counter: "loki_distributor_bytes_received_total", unit: "Bps" }),
      rateStat({ title: "Lines", own, counter: "loki_distributor_lines_received_total" }),
      rateStat({
        title: "Discarded",
        description: "Log lines per second rejected by a limit.",
        own,
        counter: "loki_discarded_samples_total",
        noValue: "0",
        thresholds: { critical: 1 },
        links: [runbook("LokiLogsDiscarded")],
      }),
      {
        type: "gauge",
        title: "Stream limit used",
        description: "By the tenant that is closest to its limit.",
        unit: "percentunit",
        min: 0,
        max: 1,
        height: 4,
        thresholds: { warning: 0.8, critical: 0.95 },
        queries: [{ promql: `max(${streamLimit})` }],
        links: [runbook("LokiStreamLimitNear")],
      },
      {
        type: "stat",
        title: "Time since retention was applied",
        description: "Time since the compactor last applied retention.",
        unit: "s",
        thresholds: { warning: 7200, critical: 86_400 },
        queries: [
          {
            promql: `time() - max(loki_compactor_apply_retention_last_successful_run_timestamp_seconds{${own}})`,
          },
        ],
        links: [runbook("LokiRetentionStale")],
      },
    ],
  };
}

const pushes = 'route=~"loki_api_v1_push|otlp_v1_logs|api_prom_push"';
const queries = 'route=~"loki_api_v1_(query|query_range|series|labels?|tail|index_.+|detected_.+)"';

/** Request rate by status code, and 99th percentile latency, of the given routes. */
function requests(title: string, own: string, routes: string): Row["panels"] {
  const asked = `${own}, ${routes}`;
  return [
    ratePanel({
      title: `${title} by status`,
      own: asked,
      by: "status_code",
      unit: "reqps",
      stack: true,
      counters: [{ counter: "loki_request_duration_seconds_count" }],
      links: [runbook("LokiRequestErrors")],
    }),
    latencyPanel({
      title: `${title}: 99th percentile`,
      own: asked,
      by: "route",
      histogram: "loki_request_duration_seconds",
    }),
  ];
}

function writes(own: string): Row {
  return {
    title: "Writes",
    panels: [
      ...requests("Pushes", own, pushes),
      ratePanel({
        title: "Discarded by reason",
        own,
        by: "reason",
        counters: [{ counter: "loki_discarded_samples_total" }],
        links: [runbook("LokiLogsDiscarded")],
      }),
      {
        type: "timeseries",
        title: "Streams in memory",
        description: "Counts every replica of a stream.",
        unit: "short",
        min: 0,
        queries: [{ promql: `sum by (pod) (loki_ingester_memory_streams{${own}})`, legend: "{{pod}}" }],
      },
    ],
  };
}

function reads(own: string): Row {
  return { title: "Queries", panels: requests("Queries", own, queries) };
}

function senders(): Row {
  const top = (of: string) => `topk(10, sum by (${of}) (bytes_rate({${of}=~".+"}[$__auto])))`;
  return {
    title: "Top senders",
    panels: [
      {
        type: "timeseries",
        title: "Namespaces by log volume",
        unit: "Bps",
        min: 0,
        queries: [{ logql: top("namespace"), legend: "{{namespace}}" }],
      },
      {
        type: "timeseries",
        title: "Services by log volume",
        description:
          "Loki derives `service_name` from the OTLP attribute `service.name`, or from the `app` label of pod logs.",
        unit: "Bps",
        min: 0,
        queries: [{ logql: top("service_name"), legend: "{{service_name}}" }],
      },
    ],
  };
}

function storage(own: string): Row {
  return {
    title: "Storage",
    panels: [
      ratePanel({
        title: "Chunks flushed by reason",
        description: "`full` is the efficient case; `idle` and `max_age` flush small chunks of low-volume streams.",
        own,
        by: "reason",
        stack: true,
        counters: [{ counter: "loki_ingester_chunks_flushed_total" }],
      }),
      {
        type: "timeseries",
        title: "Flush queue and failures",
        unit: "short",
        min: 0,
        queries: [
          { promql: `sum by (pod) (loki_ingester_flush_queue_length{${own}})`, legend: "{{pod}}: queued" },
          {
            promql: `sum by (pod) (rate(loki_ingester_chunks_flush_failures_total{${own}}[$__rate_interval]))`,
            legend: "{{pod}}: failures/s",
          },
        ],
        links: [runbook("LokiFlushFailing")],
      },
      {
        type: "timeseries",
        title: "WAL disk usage",
        unit: "percentunit",
        min: 0,
        max: 1,
        thresholds: { critical: 0.8 },
        queries: [{ promql: `max by (pod) (loki_ingester_wal_disk_usage_percent{${own}})`, legend: "{{pod}}" }],
        links: [runbook("LokiWalDiskFull")],
      },
      ratePanel({
        title: "Object storage operations",
        own,
        by: "operation",
        unit: "ops",
        counters: [{ counter: "loki_objstore_bucket_operations_total" }],
      }),
    ],
  };
}
