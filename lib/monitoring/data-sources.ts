/**
 * The data sources of the dashboards. UIDs are stable, because dashboards, links between signals and bookmarks contain
 * them. "Metrics" is the data source with all series: Mimir if it is deployed, otherwise Prometheus.
 */
export const dataSources = {
  metrics: { uid: "skopos-metrics", name: "Metrics" },
  recent: { uid: "skopos-metrics-recent", name: "Metrics (recent)" },
  aggregates: { uid: "skopos-metrics-aggregates", name: "Metrics (aggregates)" },
  rules: { uid: "skopos-rules", name: "Rules" },
  logs: { uid: "skopos-logs", name: "Logs" },
  traces: { uid: "skopos-traces", name: "Traces" },
  alerts: { uid: "skopos-alerts", name: "Alerts" },
} as const;
