// Every PromQL query of a stack: of alerts, recording rules, and the panels and variables of dashboards.
import { recordedLabels } from "../../lib/monitoring/catalogues/index.ts";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { type LabelSource, resultLabels } from "../../lib/monitoring/series.ts";
import type { RenderedStack } from "../../stacks/stack.ts";

/** One query, and the labels that its reader is shown. */
export interface StackQuery {
  /** The alert, recording rule, panel or variable. */
  readonly at: string;
  readonly promql: string;
  /** Labels that an annotation or a legend names. */
  readonly shown: readonly string[];
}

const labelsIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, label = ""]) => label);

/** Grafana's macros are durations. */
const asPromql = (query: string) => query.replaceAll(/\$__\w+/g, "5m");

/** The queries of a stack. */
export function queriesOf({ charts }: RenderedStack): readonly StackQuery[] {
  const rules = charts.flatMap(({ ruleGroups }) => ruleGroups.flatMap((group) => group.rules));
  const dashboards = charts.flatMap((chart) => chart.dashboards);
  return [
    ...rules.map((rule) => ({
      at: "alert" in rule ? rule.alert : rule.record,
      promql: rule.expr,
      shown: "alert" in rule ? labelsIn(`${rule.summary} ${rule.description}`, /\$labels\.(\w+)/g) : [],
    })),
    ...dashboards.flatMap((dashboard) => [
      ...panelsOf(dashboard).flatMap(({ title, queries }) =>
        queries.flatMap((query) =>
          "promql" in query
            ? [
                {
                  at: `${dashboard.uid}, ${title}`,
                  promql: asPromql(query.promql),
                  shown: labelsIn(query.legend ?? "", /\{\{\s*(\w+)\s*\}\}/g),
                },
              ]
            : [],
        ),
      ),
      ...(dashboard.variables ?? []).map(({ name, of, label = name }) => ({
        at: `${dashboard.uid}, variable ${name}`,
        promql: of,
        shown: [label],
      })),
    ]),
  ];
}

/** Labels of the recorded programs' series, and of a stack's own recording rules. */
export function labelSource({ charts }: RenderedStack): LabelSource {
  const own = new Map<string, readonly (readonly string[])[] | "unknown">();
  const source: LabelSource = (series) => {
    const labels = own.get(series) ?? recordedLabels(series);
    return labels === "unknown" ? undefined : labels;
  };
  for (const rule of charts.flatMap(({ ruleGroups }) => ruleGroups.flatMap((group) => group.rules))) {
    if (!("record" in rule)) continue;
    const added = Object.keys(rule.labels ?? {});
    const labels = resultLabels(rule.expr, source)?.map((set) => [...set, ...added]);
    const before = own.get(rule.record);
    own.set(rule.record, labels && before !== "unknown" ? [...(before ?? []), ...labels] : "unknown");
  }
  return source;
}

/** Names of the series that a stack's recording rules write. */
export const recordedByRules = ({ charts }: RenderedStack): ReadonlySet<string> =>
  new Set(
    charts.flatMap(({ ruleGroups }) =>
      ruleGroups.flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))),
    ),
  );
