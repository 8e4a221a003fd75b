import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import { deliveryRows } from "./delivery.ts";

const where = 'cluster=~"$cluster", namespace=~"$namespace"';
const prometheus = `${where}, job="prometheus", pod=~"$pod"`;

/** Prometheus, its way to Mimir and Alertmanager, and the operator: whether the watchers are well. */
export const kubePrometheusDashboard: Dashboard = {
  uid: "skopos-kube-prometheus",
  title: "Prometheus",
  description: "Series and samples against the plan, scrapes, rules, remote write, alerts on their way, the operator.",
  refresh: "10s",
  variables: [
    clusterVariable,
    {
      name: "namespace",
      title: "Namespace",
      of: 'prometheus_build_info{cluster=~"$cluster", job="prometheus"}',
    },
    {
      name: "pod",
      title: "Prometheus",
      of: 'prometheus_build_info{cluster=~"$cluster", namespace=~"$namespace", job="prometheus"}',
    },
  ],
  links: [
    { title: "Cluster", dashboard: "skopos-kube-prometheus-cluster" },
    { title: "Overview", dashboard: "skopos-overview" },
  ],
  rows: [now(), storage(), scrapes(), ...deliveryRows],
};

function now(): Row {
  return {
    title: "Now",
    panels: [
      {
        type: "stat",
        title: "Targets down",
        unit: "none",
        noValue: "0",
        thresholds: { warning: 1 },
        queries: [{ promql: 'count(up{cluster=~"$cluster"} == 0) or vector(0)' }],
        links: [runbook("TargetDown")],
      },
      {
        type: "stat",
        title: "Series",
        description: "In the head blocks, replicas counted once.",
        unit: "short",
        queries: [
          {
            promql: `sum(prometheus_tsdb_head_series{${prometheus}}) / count(count by (pod) (prometheus_tsdb_head_series{${prometheus}}))`,
          },
        ],
        links: [runbook("PrometheusSeriesAbovePlan")],
      },
      rateStat({ title: "Samples", own: prometheus, counter: "prometheus_tsdb_head_samples_appended_total" }),
      {
        type: "stat",
        title: "Firing",
        unit: "none",
        noValue: "0",
        thresholds: { warning: 1 },
        queries: [
          {
            promql:
              'count(ALERTS{cluster=~"$cluster", alertstate="firing", severity=~"warning|critical"}) or vector(0)',
          },
        ],
      },
      {
        type: "stat",
        title: "Behind Mimir",
        description: "Age of the newest sample that was sent.",
        unit: "s",
        noValue: "no remote write",
        thresholds: { warning: 30, critical: 120 },
        queries: [
          {
            promql: `max(prometheus_remote_storage_queue_highest_timestamp_seconds{${prometheus}} - prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${prometheus}})`,
          },
        ],
        links: [runbook("PrometheusRemoteWriteBehind")],
      },
      {
        type: "stat",
        title: "Config",
        description: "Whether every Prometheus runs with its newest configuration.",
        unit: "none",
        mappings: { 0: ["old", "red"], 1: ["current", "green"] },
        queries: [{ promql: `min(prometheus_config_last_reload_successful{${prometheus}})` }],
        links: [runbook("PrometheusConfigReloadFailed")],
      },
    ],
  };
}

function storage(): Row {
  return {
    title: "Storage and memory",
    panels: [
      {
        type: "timeseries",
        title: "Series in memory",
        unit: "short",
        queries: [{ promql: `prometheus_tsdb_head_series{${prometheus}}`, legend: "{{pod}}" }],
      },
      {
        type: "timeseries",
        title: "New series",
        description: "A steady count with many new ones is churn: short-lived pods, or ids in labels.",
        unit: "cps",
        queries: [
          {
            promql: `rate(prometheus_tsdb_head_series_created_total{${prometheus}}[$__rate_interval])`,
            legend: "{{pod}}",
          },
        ],
      },
      {
        type: "timeseries",
        title: "Memory",
        unit: "bytes",
        queries: [{ promql: `process_resident_memory_bytes{${prometheus}}`, legend: "{{pod}}" }],
      },
      {
        type: "timeseries",
        title: "Blocks on disk",
        unit: "bytes",
        queries: [
          { promql: `prometheus_tsdb_storage_blocks_bytes{${prometheus}}`, legend: "{{pod}}" },
          { promql: `prometheus_tsdb_retention_limit_bytes{${prometheus}}`, legend: "cap of {{pod}}" },
        ],
      },
    ],
  };
}

function scrapes(): Row {
  return {
    title: "Scrapes",
    panels: [
      ratePanel({
        title: "Samples taken in",
        own: prometheus,
        by: "pod",
        counters: [{ counter: "prometheus_tsdb_head_samples_appended_total" }],
      }),
      ratePanel({
        title: "Scrapes refused",
        description: "Targets that exceed a limit are dropped whole; duplicates mean that a target is there twice.",
        own: prometheus,
        by: "pod",
        counters: [
          { counter: "prometheus_target_scrapes_exceeded_sample_limit_total", name: "sample limit" },
          { counter: "prometheus_target_scrape_pool_exceeded_target_limit_total", name: "target limit" },
          { counter: "prometheus_target_scrapes_sample_duplicate_timestamp_total", name: "duplicates" },
        ],
        links: [runbook("PrometheusScrapeLimitHit")],
      }),
      {
        type: "table",
        title: "Largest jobs",
        columns: [
          { field: "job", title: "Job" },
          { field: "Value #A", title: "Series a scrape", unit: "short" },
          { field: "Value #B", title: "Targets", unit: "none" },
          { field: "Value #C", title: "Slowest scrape", unit: "s", thresholds: { warning: 5, critical: 10 } },
        ],
        queries: [
          { promql: 'topk(15, sum by (job) (scrape_samples_post_metric_relabeling{cluster=~"$cluster"}))' },
          { promql: 'count by (job) (up{cluster=~"$cluster"})' },
          { promql: 'max by (job) (scrape_duration_seconds{cluster=~"$cluster"})' },
        ],
      },
    ],
  };
}
