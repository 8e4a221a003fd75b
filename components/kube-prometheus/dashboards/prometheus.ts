import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import { deliveryRows } from "./delivery.ts";

const where = 'cluster=~"$cluster", namespace=~"$namespace"';
const prometheus = `${where}, job="prometheus", pod=~"$pod"`;

/** Prometheus, its delivery to Mimir and Alertmanager, and the operator. */
export const kubePrometheusDashboard: Dashboard = {
  uid: "skopos-kube-prometheus",
  title: "Prometheus",
  description:
    "Active series and samples, scrapes, rule evaluation, remote write, alert notifications and the operator.",
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
    title: "Status",
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
        title: "Active series",
        description: "Series in the head blocks. Replicas are counted once.",
        unit: "short",
        queries: [
          {
            promql: `sum(prometheus_tsdb_head_series{${prometheus}}) / count(count by (pod) (prometheus_tsdb_head_series{${prometheus}}))`,
          },
        ],
        links: [runbook("PrometheusSeriesAbovePlan")],
      },
      rateStat({ title: "Samples ingested", own: prometheus, counter: "prometheus_tsdb_head_samples_appended_total" }),
      {
        type: "stat",
        title: "Firing alerts",
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
        title: "Remote write lag",
        description: "Age of the newest sample that remote write has sent.",
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
        title: "Configuration",
        description: "Whether every Prometheus runs with its latest configuration.",
        unit: "none",
        mappings: { 0: ["outdated", "red"], 1: ["current", "green"] },
        queries: [{ promql: `min(prometheus_config_last_reload_successful{${prometheus}})` }],
        links: [runbook("PrometheusBadConfig")],
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
        title: "Active series by pod",
        unit: "short",
        queries: [{ promql: `prometheus_tsdb_head_series{${prometheus}}`, legend: "{{pod}}" }],
      },
      {
        type: "timeseries",
        title: "Series created",
        description: "Many new series at a constant total mean churn: short-lived pods, or IDs in labels.",
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
          { promql: `prometheus_tsdb_retention_limit_bytes{${prometheus}}`, legend: "limit of {{pod}}" },
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
        title: "Samples ingested by pod",
        own: prometheus,
        by: "pod",
        counters: [{ counter: "prometheus_tsdb_head_samples_appended_total" }],
      }),
      ratePanel({
        title: "Rejected scrapes and duplicate samples",
        description:
          "The whole scrape of a target that exceeds a limit fails. Duplicates mean that two targets expose the same series.",
        own: prometheus,
        by: "pod",
        counters: [
          { counter: "prometheus_target_scrapes_exceeded_sample_limit_total", name: "sample limit" },
          { counter: "prometheus_target_scrape_pool_exceeded_target_limit_total", name: "target limit" },
          { counter: "prometheus_target_scrapes_sample_duplicate_timestamp_total", name: "duplicates" },
        ],
        links: [runbook("PrometheusScrapeSampleLimitHit")],
      }),
      {
        type: "table",
        title: "Largest jobs",
        columns: [
          { field: "job", title: "Job" },
          { field: "Value #A", title: "Samples per scrape", unit: "short" },
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
