import { type Dashboard, dashboardErrors, panelId, panelsOf, type Variable } from "./dashboard.ts";
import { dataSources } from "./data-sources.ts";
import { type DashboardJson, type LinkJson, type PanelJson, schemaVersion, type VariableJson } from "./grafana.ts";
import { type Link, panelSizes } from "./panel.ts";
import { type Language, languageOf, signals } from "./query.ts";
import { panelJson } from "./visualization.ts";

/**
 * The dashboard as JSON for Grafana. @param runbooks base URL of runbook links
 * @throws SyntaxError with everything that {@link dashboardErrors} finds
 */
export function dashboardJson(dashboard: Dashboard, runbooks: string): DashboardJson {
  const errors = dashboardErrors(dashboard);
  if (errors.length > 0) throw new SyntaxError(errors.join("\n"));
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: ["skopos", ...(dashboard.tags ?? [])],
    schemaVersion,
    editable: true,
    // A shared crosshair shows what happens at the same time in all panels.
    graphTooltip: 1,
    refresh: dashboard.refresh ?? "30s",
    time: { from: dashboard.from ?? "now-1h", to: "now" },
    timezone: "browser",
    annotations: { list: [] },
    links: [allDashboards, ...(dashboard.links ?? []).map((link) => linkJson(link, runbooks))],
    templating: { list: [...sourceVariables(dashboard), ...(dashboard.variables ?? []).map(variableJson)] },
    panels: layout(dashboard, (link) => linkJson(link, runbooks)),
  };
}

const gridColumns = 24;

/** From left to right, with line breaks. */
function layout(dashboard: Dashboard, link: (link: Link) => LinkJson): PanelJson[] {
  let y = 0;
  return dashboard.rows.flatMap((row): readonly PanelJson[] => {
    const heading = { x: 0, y, w: gridColumns, h: 1 };
    y += 1;
    let x = 0;
    let lineHeight = 0;
    const panels = row.panels.map((panel) => {
      const [defaultWidth, defaultHeight] = panelSizes[panel.type];
      const { width: w = defaultWidth, height: h = defaultHeight } = panel;
      if (x + w > gridColumns) {
        y += lineHeight;
        x = lineHeight = 0;
      }
      const json = panelJson(panel, { id: panelId(row, panel), gridPos: { x, y, w, h }, link });
      x += w;
      lineHeight = Math.max(lineHeight, h);
      return json;
    });
    y += lineHeight;
    const title = { type: "row", id: panelId(row), title: row.title, gridPos: heading } as const;
    return row.collapsed
      ? [{ ...title, collapsed: true, panels }]
      : [{ ...title, collapsed: false, panels: [] }, ...panels];
  });
}

const link = { icon: "external link", tooltip: "", tags: [], asDropdown: false, keepTime: true } as const;

const allDashboards: LinkJson = {
  ...link,
  title: "Observability",
  type: "dashboards",
  tags: ["skopos"],
  asDropdown: true,
  includeVars: true,
  targetBlank: false,
};

function linkJson(to: Link, runbooks: string): LinkJson {
  const url = "dashboard" in to ? `/d/${to.dashboard}` : "runbook" in to ? `${runbooks}/${to.runbook}.md` : to.url;
  return {
    ...link,
    title: to.title,
    type: "link",
    url,
    includeVars: "dashboard" in to,
    targetBlank: !("dashboard" in to),
  };
}

/** A choice of data source for each signal that the dashboard queries. */
function sourceVariables(dashboard: Dashboard): VariableJson[] {
  const languages = new Set<Language>(panelsOf(dashboard).flatMap(({ queries }) => queries.map(languageOf)));
  if (dashboard.variables?.length) languages.add("promql");
  return [...languages].sort().map((language) => {
    const { variable, type, source } = signals[language];
    const { uid, name } = dataSources[language === "promql" ? (dashboard.metrics ?? source) : source];
    return { type: "datasource", name: variable, label: name, query: type, current: { text: name, value: uid } };
  });
}

function variableJson({ name, title, of, label, optional }: Variable): VariableJson {
  return {
    type: "query",
    name,
    label: title ?? name,
    datasource: { type: "prometheus", uid: `\${${signals.promql.variable}}` },
    query: {
      qryType: 1,
      query: `label_values(${of}, ${label ?? name})`,
      refId: "PrometheusVariableQueryEditor-VariableQuery",
    },
    multi: true,
    includeAll: true,
    allValue: optional ? ".*" : ".+",
    current: { text: ["All"], value: ["$__all"] },
    refresh: 2,
    sort: 1,
  };
}
