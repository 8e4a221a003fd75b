import type { ComponentChart } from "../../../lib/kubernetes/index.ts";
import { clusterVariable, type Dashboard, type Row } from "../../../lib/monitoring/dashboard.ts";
import { type Panel, runbook } from "../../../lib/monitoring/panel.ts";
import { ratePanel, rateStat } from "../../../lib/monitoring/rates.ts";
import type { MimirAlertContext } from "./alerts.ts";
import { blocks, cacheRow, evaluation, lines, reads, writes } from "./dashboard-rows.ts";

/** Mimir's dashboard: ingestion, queries, rules, blocks and per-tenant limits. */
export function mimirDashboard(chart: ComponentChart, context: MimirAlertContext): Dashboard {
  const own = `cluster=~"$cluster", namespace=~"$namespace", job=~"${chart.name}(-.+)?"`;
  const { sizing } = context;
  return {
    uid: "skopos-mimir",
    title: "Mimir",
    description: "Mimir's writes, reads, rule evaluation and blocks, and how much of their limits tenants use.",
    variables: [
      clusterVariable,
      {
        name: "namespace",
        title: "Namespace",
        of: `cortex_build_info{cluster=~"$cluster", job=~"${chart.name}(-.+)?"}`,
      },
    ],
    links: [
      { title: "Prometheus", dashboard: "skopos-kube-prometheus" },
      { title: "Overview", dashboard: "skopos-overview" },
    ],
    rows: [
      now(own, context),
      writes(own),
      reads(own),
      ...(context.evaluates ? [evaluation(own)] : []),
      blocks(own),
      ...(sizing.mode === "microservices" && sizing.caches ? [cacheRow(own)] : []),
      tenants(own, sizing.replicationFactor),
    ],
  };
}

function now(own: string, { sizing, tenant, seriesLimit, archiveJob }: MimirAlertContext): Row {
  const factor = sizing.replicationFactor;
  const series = (user: string) =>
    `sum(cortex_ingester_memory_series_created_total{${own}${user}} - cortex_ingester_memory_series_removed_total{${own}${user}}) / ${factor}`;
  return {
    title: "Now",
    panels: [
      rateStat({ title: "Samples received", own, counter: "cortex_distributor_received_samples_total" }),
      { type: "stat", title: "Series in memory", unit: "short", queries: [{ promql: series("") }] },
      {
        type: "gauge",
        title: "Series limit used",
        description: `Tenant ${tenant} may hold ${seriesLimit} series; above that, new series are rejected.`,
        unit: "percentunit",
        min: 0,
        max: 1,
        thresholds: { warning: 0.8, critical: 0.95 },
        queries: [{ promql: `${series(`, user="${tenant}"`)} / ${seriesLimit}` }],
        links: [runbook("MimirSeriesLimitNear")],
      },
      {
        type: "stat",
        title: "Samples rejected",
        unit: "cps",
        noValue: "0",
        thresholds: { warning: 0.1, critical: 100 },
        queries: [{ promql: `sum(rate(cortex_discarded_samples_total{${own}}[5m])) or vector(0)` }],
        links: [runbook("MimirSamplesDiscarded")],
      },
      {
        type: "stat",
        title: "Unhealthy ingesters",
        unit: "none",
        noValue: "0",
        thresholds: { warning: 1, critical: 2 },
        queries: [{ promql: `max(cortex_ring_members{${own}, name="ingester", state="Unhealthy"})` }],
        links: [runbook("MimirIngesterUnhealthy")],
      },
      {
        type: "stat",
        title: "Time since last compaction",
        unit: "s",
        thresholds: { warning: 6 * 3600, critical: 24 * 3600 },
        queries: [{ promql: `time() - max(cortex_compactor_last_successful_run_timestamp_seconds{${own}} > 0)` }],
        links: [runbook("MimirCompactorStale")],
      },
      ...(archiveJob ? [archiveAge(archiveJob)] : []),
    ],
  };
}

function archiveAge(job: string): Panel {
  const own = `cluster=~"$cluster", namespace=~"$namespace", cronjob="${job}"`;
  return {
    type: "stat",
    title: "Time since the archive was complete",
    unit: "s",
    noValue: "never",
    thresholds: { warning: 36 * 3600, critical: 48 * 3600 },
    queries: [{ promql: `time() - max(kube_cronjob_status_last_successful_time{${own}})` }],
    links: [runbook("MimirArchiveIncomplete")],
  };
}

function tenants(own: string, factor: number): Row {
  return {
    title: "Tenants",
    panels: [
      lines(
        "Series in memory",
        "short",
        `sum by (user) (cortex_ingester_memory_series_created_total{${own}} - cortex_ingester_memory_series_removed_total{${own}}) / ${factor}`,
        "{{user}}",
      ),
      ratePanel({
        title: "Samples received",
        own,
        by: "user",
        counters: [{ counter: "cortex_distributor_received_samples_total" }],
      }),
      {
        type: "table",
        title: "Limits",
        description: "Limits of tenants named in the runtime configuration; all others use the defaults.",
        queries: [
          {
            promql: `max by (user, limit_name) (cortex_limits_overrides{${own}, limit_name=~"max_global_series_per_user|ingestion_rate|ingestion_burst_size"}) or label_replace(max by (limit_name) (cortex_limits_defaults{${own}, limit_name=~"max_global_series_per_user|ingestion_rate|ingestion_burst_size"}), "user", "(default)", "", "")`,
          },
        ],
        columns: [
          { field: "user", title: "Tenant" },
          { field: "limit_name", title: "Limit" },
          { field: "Value", title: "Value", unit: "short" },
        ],
      },
    ],
  };
}
