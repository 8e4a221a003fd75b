import { columns, mappings, numbers } from "./fields.ts";
import type { LinkJson, VisualizationJson, Visualizations } from "./grafana.ts";
import type { Link, Panel, StatPanel, TimeSeriesPanel } from "./panel.ts";
import { type Query, target } from "./query.ts";

/** Context of a panel in its dashboard. */
export interface Place {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly link: (link: Link) => LinkJson;
}

/** A panel as JSON for Grafana. */
export function panelJson(panel: Panel, place: Place): VisualizationJson {
  const answer = panel.type === "table" ? "table" : panel.type === "gauge" ? "instant" : "range";
  const common = {
    id: place.id,
    title: panel.title,
    gridPos: place.gridPos,
    ...(panel.description && { description: panel.description }),
    ...(panel.links?.length && { links: panel.links.map(place.link) }),
    targets: panel.queries.map((query: Query, index) => target(query, String.fromCharCode(65 + index), answer)),
  };
  switch (panel.type) {
    case "timeseries":
      return { ...common, type: "timeseries", ...timeSeries(panel) };
    case "stat":
      return { ...common, type: "stat", ...stat(panel) };
    case "gauge":
      return { ...common, type: "gauge", options: gaugeOptions, fieldConfig: fields(numbers(panel)) };
    case "table":
      return { ...common, type: "table", ...columns(panel) };
    case "traces":
      return { ...common, type: "table", options: { frameIndex: 0, showHeader: true }, fieldConfig: fields({}) };
    case "logs":
      return { ...common, type: "logs", options: logsOptions, fieldConfig: fields({}) };
  }
}

const fields = <T extends object>(defaults: T) => ({ defaults: { ...defaults, custom: {} }, overrides: [] });

const lastValue = { calcs: ["lastNotNull"], fields: "", values: false } as const;

function timeSeries(panel: TimeSeriesPanel) {
  const custom: Visualizations["timeseries"]["custom"] = {
    fillOpacity: panel.stack ? 30 : 8,
    lineWidth: 1,
    showPoints: "never",
    ...(panel.stack && { stacking: { mode: "normal", group: "A" } }),
    ...(panel.thresholds && { thresholdsStyle: { mode: "dashed" } }),
  };
  const options: Visualizations["timeseries"]["options"] = {
    legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
    tooltip: { mode: "multi", sort: "desc" },
  };
  const color = { mode: "palette-classic-by-name" } as const;
  return { options, fieldConfig: { defaults: { ...numbers(panel), color, custom }, overrides: [] } };
}

function stat(panel: StatPanel) {
  const judged = panel.thresholds !== undefined || panel.mappings !== undefined;
  const options: Visualizations["stat"]["options"] = {
    graphMode: panel.mappings ? "none" : "area",
    colorMode: judged ? "background" : "value",
    justifyMode: "auto",
    textMode: "auto",
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: "standard",
    orientation: "auto",
    reduceOptions: lastValue,
  };
  const defaults = {
    ...numbers(panel),
    ...(!judged && { color: { mode: "fixed", fixedColor: "blue" } as const }),
    ...(panel.mappings && { mappings: mappings(panel.mappings) }),
    ...(panel.noValue !== undefined && { noValue: panel.noValue }),
  };
  return { options, fieldConfig: fields(defaults) };
}

const gaugeOptions: Visualizations["gauge"]["options"] = {
  showThresholdLabels: false,
  showThresholdMarkers: true,
  sizing: "auto",
  minVizWidth: 75,
  minVizHeight: 75,
  orientation: "auto",
  reduceOptions: lastValue,
};

const logsOptions: Visualizations["logs"]["options"] = {
  showLabels: false,
  showCommonLabels: false,
  showTime: true,
  showLogContextToggle: true,
  wrapLogMessage: true,
  prettifyLogMessage: false,
  enableLogDetails: true,
  sortOrder: "Descending",
  dedupStrategy: "none",
};
