import type { Dashboard } from "../monitoring/dashboard.ts";
import { dashboardJson } from "../monitoring/dashboard-json.ts";
import type { ComponentChart } from "./chart.ts";
import { configMap } from "./config-map.ts";
import type { Labels } from "./labels.ts";
import { ownRelease } from "./monitors.ts";

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
      labels: grafanaLabels(chart, dashboardLabel),
      annotations: { [folderAnnotation]: folder },
    },
  );
  chart.dashboards.push(dashboard);
}

/** Labels of ConfigMaps by which Grafana's sidecars discover dashboards and data sources. */
export const dashboardLabel = "grafana_dashboard";
export const dataSourceLabel = "grafana_datasource";

/** Annotation of a dashboard with its folder. */
export const folderAnnotation = "grafana_folder";

/** Value of these labels on ConfigMaps for every Grafana: the convention of the Grafana and kube-prometheus-stack Helm charts. */
const shared = "1";

/** The label of a chart's own dashboards or data sources: only the Grafana of the same stack loads them. */
export function grafanaLabels({ grafanaStack }: Pick<ComponentChart, "grafanaStack">, label: string): Labels {
  return { [label]: grafanaStack === undefined ? shared : ownRelease(grafanaStack) };
}

/**
 * The ConfigMaps that the sidecars of a chart's Grafana load: those for every Grafana and those of its own stack, but not
 * those of other stacks. Without `LABEL_VALUE`, the sidecar sends `LABEL` to the API server as it is, as the label selector.
 * Source: https://github.com/kiwigrid/k8s-sidecar/blob/2.10.1/src/resources.py (`label_selector`).
 */
export function sidecarSelection(
  { grafanaStack }: Pick<ComponentChart, "grafanaStack">,
  label: string,
): { readonly LABEL: string; readonly LABEL_VALUE?: string } {
  if (grafanaStack === undefined) return { LABEL: label, LABEL_VALUE: shared };
  return { LABEL: `${label} in (${shared}, ${ownRelease(grafanaStack)})` };
}
