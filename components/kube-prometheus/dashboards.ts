import { clusterVariable, type Dashboard, type Row } from "../../lib/monitoring/dashboard.ts";
import { deliveryRows } from "./delivery-dashboard.ts";

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
        links: [{ title: "TargetDown", runbook: "TargetDown" }],
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
        links: [{ title: "PrometheusSeriesAbovePlan", runbook: "PrometheusSeriesAbovePlan" }],
      },
      {
        type: "stat",
        title: "Samples",
        unit: "cps",
        queries: [{ promql: `sum(rate(prometheus_tsdb_head_samples_appended_total{${prometheus}}[5m]))` }],
      },
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
        links: [{ title: "PrometheusRemoteWriteBehind", runbook: "PrometheusRemoteWriteBehind" }],
      },
      {
        type: "stat",
        title: "Config",
        description: "Whether every Prometheus runs with its newest configuration.",
        unit: "none",
        mappings: { 0: ["old", "red"], 1: ["current", "green"] },
        queries: [{ promql: `min(prometheus_config_last_reload_successful{${prometheus}})` }],
        links: [{ title: "PrometheusConfigReloadFailed", runbook: "PrometheusConfigReloadFailed" }],
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
      {
        type: "timeseries",
        title: "Samples taken in",
        unit: "cps",
        queries: [
          {
            promql: `sum by (pod) (rate(prometheus_tsdb_head_samples_appended_total{${prometheus}}[$__rate_interval]))`,
            legend: "{{pod}}",
          },
        ],
      },
      {
        type: "timeseries",
        title: "Scrapes refused",
        description: "Targets that exceed a limit are dropped whole; duplicates mean that a target is there twice.",
        unit: "cps",
        queries: [
          {
            promql: `sum by (pod) (rate(prometheus_target_scrapes_exceeded_sample_limit_total{${prometheus}}[$__rate_interval]))`,
            legend: "sample limit, {{pod}}",
          },
          {
            promql: `sum by (pod) (rate(prometheus_target_scrape_pool_exceeded_target_limit_total{${prometheus}}[$__rate_interval]))`,
            legend: "target limit, {{pod}}",
          },
          {
            promql: `sum by (pod) (rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{${prometheus}}[$__rate_interval]))`,
            legend: "duplicates, {{pod}}",
          },
        ],
        links: [{ title: "PrometheusScrapeLimitHit", runbook: "PrometheusScrapeLimitHit" }],
      },
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
