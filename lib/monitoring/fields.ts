import type { FieldConfigJson, ThresholdsJson, VisualizationJson } from "./grafana.ts";
import type { Column, Mappings, Numbers, TablePanel, Thresholds } from "./panel.ts";

type Table = Extract<VisualizationJson, { type: "table" }>;

/** Thresholds as Grafana's steps: each colour applies from its value on, the first one from minus infinity. */
export function steps({ warning, critical, bad = "high" }: Thresholds = {}): ThresholdsJson {
  const at = (value: number | undefined, color: string) => (value === undefined ? [] : [{ value, color }]);
  const rising = [{ value: null, color: "green" }, ...at(warning, "orange"), ...at(critical, "red")];
  if (bad === "high") return { mode: "absolute", steps: rising };
  const base = critical === undefined ? "orange" : "red";
  const aboveCritical = at(critical, warning === undefined ? "green" : "orange");
  return { mode: "absolute", steps: [{ value: null, color: base }, ...aboveCritical, ...at(warning, "green")] };
}

/** Names and colours of single values. */
export function mappings(of: Mappings): NonNullable<FieldConfigJson["mappings"]> {
  const options = Object.entries(of).map(([value, [text, color]], index) => [value, { text, color, index }]);
  return [{ type: "value", options: Object.fromEntries(options) }];
}

/** The field configuration of a panel of numbers. */
export function numbers({ unit, decimals, min, max, thresholds }: Numbers): Omit<FieldConfigJson, "custom"> {
  return {
    unit,
    ...(decimals !== undefined && { decimals }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    thresholds: steps(thresholds),
  };
}

/** The given columns only, in their order and with their titles. */
export function columns({
  columns: wanted,
  queries,
  sortBy,
}: TablePanel): Pick<Table, "fieldConfig" | "transformations" | "options"> {
  const value = queries.length > 1 ? "Value #A" : "Value";
  const sorted = wanted.find(({ field }) => field === (sortBy ?? value));
  return {
    transformations: [
      { id: "merge", options: {} },
      { id: "filterFieldsByName", options: { include: { names: wanted.map(({ field }) => field) } } },
      {
        id: "organize",
        options: {
          indexByName: Object.fromEntries(wanted.map(({ field }, index) => [field, index])),
          renameByName: Object.fromEntries(wanted.map(({ field, title }) => [field, title])),
        },
      },
    ],
    options: {
      frameIndex: 0,
      showHeader: true,
      cellHeight: "sm",
      ...(sorted && { sortBy: [{ displayName: sorted.title, desc: true }] }),
    },
    fieldConfig: { defaults: { custom: { filterable: true } }, overrides: wanted.flatMap(override) },
  };
}

function override({ title, unit, thresholds, mappings: names }: Column): Table["fieldConfig"]["overrides"] {
  const properties = [
    ...(unit ? [{ id: "unit", value: unit }] : []),
    ...(names ? [{ id: "mappings", value: mappings(names) }] : []),
    ...(thresholds ? [{ id: "thresholds", value: steps(thresholds) }] : []),
    ...(thresholds || names ? [{ id: "custom.cellOptions", value: { type: "color-text" } }] : []),
  ];
  return properties.length > 0 ? [{ matcher: { id: "byName", options: title }, properties }] : [];
}
