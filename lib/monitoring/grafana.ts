import type * as common from "@grafana/grafana-foundation-sdk/common";
import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type * as gauge from "@grafana/grafana-foundation-sdk/gauge";
import type * as logs from "@grafana/grafana-foundation-sdk/logs";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type * as units from "@grafana/grafana-foundation-sdk/units";

// Grafana's classic dashboard JSON, as typed by the foundation SDK. Only types are imported: loading the SDK's builders
// would take 140 ms on every render, for setters of plain objects.

/** A type of the SDK with its string enums opened to their values, so that `"line"` can be written as such. */
export type Plain<T> = 0 extends 1 & T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends readonly (infer E)[]
      ? readonly Plain<E>[]
      : T extends object
        ? { readonly [K in keyof T]: Plain<T[K]> }
        : T;

/** The `schemaVersion` of these types. */
export const schemaVersion = 42;

/** A unit that Grafana knows: `bytes`, `reqps`, `percentunit`, `s`. */
export type Unit = Extract<(typeof units)[keyof typeof units], string>;

export type DashboardJson = Omit<Plain<sdk.Dashboard>, "panels"> & { readonly panels: readonly PanelJson[] };
export type RowJson = Omit<Plain<sdk.RowPanel>, "panels"> & { readonly panels: readonly VisualizationJson[] };
export type PanelJson = RowJson | VisualizationJson;
export type VariableJson = Plain<sdk.VariableModel>;
export type LinkJson = Plain<sdk.DashboardLink>;
export type FieldConfigJson = Plain<sdk.FieldConfig>;
export type ThresholdsJson = Plain<sdk.ThresholdsConfig>;
export type DataSourceJson = Plain<common.DataSourceRef>;

/** A query of a panel. Further fields depend on its data source. */
export interface TargetJson {
  readonly refId: string;
  readonly datasource: DataSourceJson;
  readonly [field: string]: unknown;
}

/** Options of each visualization, and its part of the field configuration. */
export interface Visualizations {
  readonly timeseries: { readonly options: Plain<timeseries.Options>; readonly custom: Plain<timeseries.FieldConfig> };
  readonly stat: { readonly options: Plain<stat.Options>; readonly custom: Record<never, never> };
  readonly gauge: { readonly options: Plain<gauge.Options>; readonly custom: Record<never, never> };
  readonly table: { readonly options: Plain<table.Options>; readonly custom: Partial<Plain<table.FieldConfig>> };
  readonly logs: { readonly options: Plain<logs.Options>; readonly custom: Record<never, never> };
}

type Visualization<T extends keyof Visualizations> = Omit<
  Plain<sdk.Panel>,
  "type" | "options" | "fieldConfig" | "targets" | "id" | "title"
> & {
  readonly type: T;
  readonly id: number;
  readonly title: string;
  readonly options: Visualizations[T]["options"];
  readonly fieldConfig: {
    readonly defaults: Omit<FieldConfigJson, "custom"> & { readonly custom: Visualizations[T]["custom"] };
    readonly overrides: Plain<sdk.FieldConfigSource>["overrides"];
  };
  readonly targets: readonly TargetJson[];
};

/** A panel that shows data. */
export type VisualizationJson = { [T in keyof Visualizations]: Visualization<T> }[keyof Visualizations];
