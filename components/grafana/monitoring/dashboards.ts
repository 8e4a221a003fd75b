import { clusterVariable, type Dashboard } from "../../../lib/monitoring/dashboard.ts";
import { runbook } from "../../../lib/monitoring/panel.ts";
import { ratePanel } from "../../../lib/monitoring/rates.ts";

const own = 'cluster=~"$cluster", namespace=~"$namespace"';

/** Requests to Grafana and their latency, queries to data sources, and logins. */
export function grafanaDashboard(): Dashboard {
  return {
    uid: "skopos-grafana",
    title: "Grafana",
    description: "Requests to Grafana and their latency, queries to its data sources, logins and memory.",
    variables: [
      clusterVariable,
      { name: "namespace", title: "Namespace", of: 'grafana_build_info{cluster=~"$cluster"}' },
    ],
    rows: [
      {
        title: "Status",
        panels: [
          {
            type: "stat",
            title: "Replicas up",
            unit: "none",
            thresholds: { critical: 1, bad: "low" },
            queries: [{ promql: `count(grafana_build_info{${own}})` }],
            noValue: "0",
            links: [runbook("GrafanaDown")],
          },
          {
            type: "stat",
            title: "Dashboards",
            unit: "none",
            thresholds: { critical: 1, bad: "low" },
            queries: [{ promql: `max(grafana_stat_totals_dashboard{${own}})` }],
          },
          {
            type: "stat",
            title: "Active users",
            description: "Users seen within the last 30 days.",
            unit: "none",
            queries: [{ promql: `max(grafana_stat_active_users{${own}})` }],
          },
          {
            type: "stat",
            title: "Failed requests",
            unit: "percentunit",
            thresholds: { warning: 0.01, critical: 0.05 },
            noValue: "0",
            queries: [
              {
                promql: `sum(rate(grafana_http_request_duration_seconds_count{${own}, status_code=~"5.."}[5m])) / sum(rate(grafana_http_request_duration_seconds_count{${own}}[5m]))`,
              },
            ],
          },
        ],
      },
      {
        title: "Requests",
        panels: [
          ratePanel({
            title: "Requests by status code",
            own,
            by: "status_code",
            unit: "reqps",
            stack: true,
            counters: [{ counter: "grafana_http_request_duration_seconds_count" }],
          }),
          {
            type: "timeseries",
            title: "Request latency, 99th percentile",
            unit: "s",
            min: 0,
            queries: [
              {
                promql: `histogram_quantile(0.99, sum by (le) (rate(grafana_http_request_duration_seconds_bucket{${own}}[$__rate_interval])))`,
                legend: "all",
                exemplars: true,
              },
            ],
          },
        ],
      },
      {
        title: "Data sources",
        panels: [
          ratePanel({
            title: "Queries by data source",
            own,
            by: "datasource",
            unit: "reqps",
            counters: [{ counter: "grafana_datasource_request_total" }],
          }),
          {
            type: "timeseries",
            title: "Failed queries by data source type",
            description: "Includes queries that got no response.",
            unit: "percentunit",
            min: 0,
            max: 1,
            thresholds: { critical: 0.5 },
            queries: [
              {
                promql: `sum by (plugin_id) (rate(grafana_plugin_request_total{${own}, endpoint="queryData", status="error"}[$__rate_interval])) / sum by (plugin_id) (rate(grafana_plugin_request_total{${own}, endpoint="queryData"}[$__rate_interval]))`,
                legend: "{{plugin_id}}",
              },
            ],
          },
        ],
      },
      {
        title: "Logins and process",
        panels: [
          {
            type: "timeseries",
            title: "Logins by client in 15 minutes",
            unit: "none",
            min: 0,
            queries: [
              {
                promql: `sum by (client) (increase(grafana_authn_authn_successful_login_total{${own}}[15m]))`,
                legend: "{{client}} succeeded",
              },
              {
                promql: `sum by (client) (increase(grafana_authn_authn_failed_login_total{${own}}[15m]))`,
                legend: "{{client}} failed",
              },
            ],
          },
          {
            type: "timeseries",
            title: "Memory",
            unit: "bytes",
            min: 0,
            queries: [
              {
                promql: `process_resident_memory_bytes{${own}} and on (namespace, pod) grafana_build_info{${own}}`,
                legend: "{{pod}}",
              },
            ],
          },
        ],
      },
    ],
  };
}
