import type { Unit } from "./grafana.ts";
import type { JaegerQuery, LogQuery, MetricQuery, TraceQuery } from "./query.ts";

/** Thresholds of warning and critical values. */
export interface Thresholds {
  readonly warning?: number;
  readonly critical?: number;
  /** Whether high or low values are bad. @default "high" */
  readonly bad?: "high" | "low";
}

/** Props that all panels share. */
export interface PanelBase {
  /** Unique in its row: the panel's ID is computed from both titles. */
  readonly title: string;
  /** What it shows and what to do about it, in a sentence or two. */
  readonly description?: string;
  /** Columns out of 24. @default by type */
  readonly width?: number;
  /** Rows of 30 pixels. @default by type */
  readonly height?: number;
  /** Links to other dashboards or pages. */
  readonly links?: readonly Link[];
}

/** Target of a link: a dashboard by its UID, an alert's runbook, or any page. */
export type Link = { readonly title: string; readonly newTab?: boolean } & (
  | { readonly dashboard: string }
  | { readonly runbook: string }
  | { readonly url: string }
);

/** A link to an alert's runbook, by the alert's name. */
export const runbook = (alert: string): Link => ({ title: alert, runbook: alert });

/** Unit and thresholds of numbers. */
export interface Numbers {
  readonly unit: Unit;
  /** @default Grafana's choice */
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: Thresholds;
}

/** Text and colour of single values: `{ 0: ["down", "red"] }`. */
export type Mappings = Readonly<Record<number, readonly [text: string, color: string]>>;

/** Lines over time. */
export interface TimeSeriesPanel extends PanelBase, Numbers {
  readonly type: "timeseries";
  readonly queries: readonly (MetricQuery | LogQuery)[];
  /** Stack the series, for parts of a whole. @default false */
  readonly stack?: boolean;
}

/** One number, with a sparkline. */
export interface StatPanel extends PanelBase, Numbers {
  readonly type: "stat";
  readonly queries: readonly (MetricQuery | LogQuery)[];
  readonly mappings?: Mappings;
  /** Text that is shown without data: `"none"`, `"0"`. */
  readonly noValue?: string;
}

/** One number between two bounds. */
export interface GaugePanel extends PanelBase, Numbers {
  readonly type: "gauge";
  readonly queries: readonly (MetricQuery | LogQuery)[];
}

/** A column of a table: a label, or the value of a query (`Value`, or `Value #A` where there are several). */
export interface Column {
  readonly field: string;
  readonly title: string;
  readonly unit?: Unit;
  readonly thresholds?: Thresholds;
  readonly mappings?: Mappings;
}

/** Current values, one series per row. */
export interface TablePanel extends PanelBase {
  readonly type: "table";
  readonly queries: readonly MetricQuery[];
  readonly columns: readonly Column[];
  /** Field to sort by, in descending order. @default the first query's value */
  readonly sortBy?: string;
}

/** Log lines. */
export interface LogsPanel extends PanelBase {
  readonly type: "logs";
  readonly queries: readonly LogQuery[];
}

/** Traces found by a search, one per row; each opens in Explore. */
export interface TracesPanel extends PanelBase {
  readonly type: "traces";
  readonly queries: readonly (TraceQuery | JaegerQuery)[];
}

export type Panel = TimeSeriesPanel | StatPanel | GaugePanel | TablePanel | LogsPanel | TracesPanel;

/** Default width and height of a panel. */
export const panelSizes: Readonly<Record<Panel["type"], readonly [width: number, height: number]>> = {
  timeseries: [12, 8],
  stat: [4, 4],
  gauge: [4, 6],
  table: [24, 8],
  logs: [24, 10],
  traces: [24, 10],
};
