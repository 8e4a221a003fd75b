import type { Dashboard } from "../monitoring/dashboard.ts";
import { dashboardJson } from "../monitoring/dashboard-json.ts";
import type { ComponentChart } from "./chart.ts";
import { configMap } from "./config-map.ts";

/** Kubernetes rejects larger ConfigMaps. */
const configMapLimit = 1024 * 1024;

/**
 * Adds the dashboard as a ConfigMap that Grafana's sidecar discovers, in the chart's namespace.
 * @throws RangeError if it is too large for a ConfigMap
 */
export function dashboardConfigMap(
  chart: ComponentChart,
  dashboard: Dashboard,
  /** `folder`: Grafana's folder. @default "Observability" */
  { folder = "Observability" }: { readonly folder?: string } = {},
): void {
  const json = JSON.stringify(dashboardJson(dashboard, chart.runbooks));
  const size = Buffer.byteLength(json);
  if (size >= configMapLimit)
    throw new RangeError(`dashboard ${dashboard.uid}: ${size} bytes, above ${configMapLimit}`);
  const part = chart.component;
  const own = dashboard.uid.replace(/^skopos-/, "").replace(new RegExp(`^${part}-?`), "");
  configMap(
    chart,
    part,
    ["dashboard", chart.name, own].filter(Boolean).join("-"),
    { [`${dashboard.uid}.json`]: json },
    {
      reloads: true,
      labels: dashboardLabels,
      annotations: { [folderAnnotation]: folder },
    },
  );
  chart.dashboards.push(dashboard);
}

/** Label by which the sidecar discovers dashboards, and annotation with their folder. */
export const dashboardLabels = { grafana_dashboard: "1" } as const;
export const folderAnnotation = "grafana_folder";
