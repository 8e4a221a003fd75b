/**
 * The data sources that dashboards rest on. UIDs are stable: dashboards, links between signals and people's bookmarks
 * hold them. "Metrics" is whatever has everything: Mimir where there is one, else Prometheus.
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
