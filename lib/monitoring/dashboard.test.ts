import { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { App } from "cdk8s";
import { expect, test } from "vitest";
import { ComponentChart, dashboardConfigMap } from "../kubernetes/index.ts";
import { type Dashboard, dashboardErrors } from "./dashboard.ts";
import { dashboardJson } from "./dashboard-json.ts";
import { steps } from "./fields.ts";
import type { VisualizationJson } from "./grafana.ts";
import type { Panel } from "./panel.ts";

class Chart extends ComponentChart {
  readonly endpoints = {};
}

const rate = 'sum by (pod) (rate(requests_total{namespace=~"$namespace"}[$__rate_interval]))';
const panels: Panel[] = [
  { type: "timeseries", title: "Requests", unit: "reqps", queries: [{ promql: rate, legend: "{{pod}}" }] },
  {
    type: "stat",
    title: "Up",
    unit: "none",
    queries: [{ promql: "sum(up)" }],
    mappings: { 0: ["down", "red"] },
    noValue: "none",
  },
  {
    type: "gauge",
    title: "Full",
    unit: "percentunit",
    min: 0,
    max: 1,
    queries: [{ promql: "vector(1)" }],
    thresholds: { warning: 0.7, critical: 0.9 },
  },
  {
    type: "table",
    title: "Pods",
    queries: [{ promql: "up" }],
    columns: [
      { field: "pod", title: "Pod" },
      { field: "Value", title: "Up", mappings: { 1: ["yes", "green"] } },
    ],
  },
  { type: "logs", title: "Errors", queries: [{ logql: '{namespace=~"$namespace"} |= "error"' }] },
  { type: "traces", title: "Slow", queries: [{ traceql: "{ duration > 1s && status = error }" }] },
];
const dashboard: Dashboard = {
  uid: "skopos-shop",
  title: "Shop",
  description: "Everything",
  variables: [{ name: "namespace", of: "requests_total" }],
  links: [{ title: "Runbook", runbook: "ShopDown" }],
  rows: [{ title: "All", panels }],
};

const shown = (each: Dashboard): VisualizationJson[] =>
  dashboardJson(each, "docs/runbooks").panels.filter((panel): panel is VisualizationJson => panel.type !== "row");

test("every kind of panel comes out without a broken query", () => {
  expect(dashboardErrors(dashboard)).toEqual([]);
  expect(shown(dashboard).map(({ type }) => type)).toEqual(["timeseries", "stat", "gauge", "table", "logs", "table"]);
});

test("the schema version is the one of the SDK whose types are used", () => {
  expect(dashboardJson(dashboard, "").schemaVersion).toBe(new DashboardBuilder("x").build().schemaVersion);
});

test("queries go to the data source that the reader chose, Mimir at first", () => {
  const { templating } = dashboardJson(dashboard, "");
  expect(templating.list?.map(({ name, query, current }) => [name, query, current?.value])).toMatchObject([
    ["logs", "loki", "skopos-logs"],
    ["metrics", "prometheus", "skopos-metrics"],
    ["traces", "tempo", "skopos-traces"],
    ["namespace", { query: "label_values(requests_total, namespace)" }, ["$__all"]],
  ]);
  expect(shown(dashboard)[0]?.targets[0]?.datasource).toEqual({ type: "prometheus", uid: "${metrics}" });
});

test("panels fill lines of 24 columns and never overlap", () => {
  const cells = new Set<string>();
  const all = dashboardJson({ ...dashboard, rows: [...dashboard.rows, { title: "More", panels }] }, "").panels;
  for (const { gridPos } of all) {
    expect((gridPos?.x ?? 0) + (gridPos?.w ?? 99)).toBeLessThanOrEqual(24);
    for (let x = gridPos?.x ?? 0; x < (gridPos?.x ?? 0) + (gridPos?.w ?? 0); x++) {
      for (let y = gridPos?.y ?? 0; y < (gridPos?.y ?? 0) + (gridPos?.h ?? 0); y++) {
        expect(cells.has(`${x},${y}`)).toBe(false);
        cells.add(`${x},${y}`);
      }
    }
  }
});

test("a panel's id stays when others are added before it", () => {
  const added: Panel = { type: "stat", title: "New", unit: "none", queries: [{ promql: "up" }] };
  const after = shown({ ...dashboard, rows: [{ title: "All", panels: [added, ...panels] }] });
  expect(after.slice(1).map(({ id }) => id)).toEqual(shown(dashboard).map(({ id }) => id));
});

test("a folded row holds its panels", () => {
  const folded = dashboardJson({ ...dashboard, rows: [{ title: "All", collapsed: true, panels }] }, "");
  expect(folded.panels).toHaveLength(1);
  expect(folded.panels[0]).toMatchObject({ type: "row", collapsed: true, panels: { length: panels.length } });
});

test("reports all mistakes at once, each with its place", () => {
  const broken: Dashboard = {
    ...dashboard,
    variables: [{ name: "pod", of: "up{" }],
    rows: [
      {
        title: "R",
        panels: [
          { type: "stat", title: "A", unit: "none", queries: [{ promql: "sum(up" }] },
          { type: "stat", title: "A", unit: "none", queries: [{ promql: 'up{x="$cluster"}' }] },
          { type: "logs", title: "B", queries: [{ logql: "{app=" }] },
          { type: "traces", title: "C", queries: [{ traceql: "{ status = }" }] },
        ],
      },
    ],
  };
  const errors = dashboardErrors(broken);
  expect(errors.map((error) => error.replace(/\(.*/s, ""))).toEqual([
    "dashboard skopos-shop: variable pod: not PromQL: up{ ",
    "dashboard skopos-shop: R / A: not PromQL: sum",
    "dashboard skopos-shop: R / A: there twice",
    "dashboard skopos-shop: R / A: unknown variable $cluster",
    "dashboard skopos-shop: R / B: not LogQL: {app= ",
    "dashboard skopos-shop: R / C: not TraceQL: { status = } ",
  ]);
  expect(() => dashboardJson(broken, "")).toThrow(SyntaxError);
});

test("Grafana's own variables and the groups of label_replace are no variables of the dashboard", () => {
  const promql = 'label_replace(rate(up[$__rate_interval]), "a", "$1", "b", "(.*)")';
  const panel: Panel = { type: "stat", title: "A", unit: "none", queries: [{ promql }] };
  expect(dashboardErrors({ ...dashboard, rows: [{ title: "R", panels: [panel] }] })).toEqual([]);
});

test("thresholds: what is bad when high, and what is bad when low", () => {
  const colors = (thresholds: Parameters<typeof steps>[0]) =>
    steps(thresholds).steps.map(({ value, color }) => [value, color]);
  expect(colors({ warning: 0.7, critical: 0.9 })).toEqual([
    [null, "green"],
    [0.7, "orange"],
    [0.9, "red"],
  ]);
  expect(colors({ warning: 0.99, critical: 0.9, bad: "low" })).toEqual([
    [null, "red"],
    [0.9, "orange"],
    [0.99, "green"],
  ]);
  expect(colors({ critical: 1, bad: "low" })).toEqual([
    [null, "red"],
    [1, "green"],
  ]);
});

test("its ConfigMap carries the sidecar's label, the folder, and the runbooks' address", () => {
  const chart = new Chart(new App(), "shop", "shop", { namespace: "team", runbooks: "https://runbooks.example" });
  dashboardConfigMap(chart, dashboard, { folder: "Team" });
  dashboardConfigMap(chart, { ...dashboard, uid: "skopos-shop-orders" });
  const [first, second] = chart.toJson();
  expect(first.metadata).toMatchObject({
    name: "dashboard-shop",
    namespace: "team",
    labels: { grafana_dashboard: "1" },
    annotations: { grafana_folder: "Team" },
  });
  expect(second.metadata.name).toBe("dashboard-shop-orders");
  expect(first.data["skopos-shop.json"]).toContain('"url":"https://runbooks.example/ShopDown.md"');
  expect(chart.dashboards).toHaveLength(2);
});

test("rejects a dashboard that is too large for a ConfigMap", () => {
  const chart = new Chart(new App(), "shop", "shop", { namespace: "team" });
  expect(() => dashboardConfigMap(chart, { ...dashboard, description: "x".repeat(1024 * 1024) })).toThrow(RangeError);
});
