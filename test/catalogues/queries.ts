// Every PromQL query of a stack: of alerts, recording rules, and the panels and variables of dashboards.
import { recordedLabels } from "../../lib/monitoring/catalogues/index.ts";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { type LabelSource, resultLabels, type SeriesLabels, selections } from "../../lib/monitoring/series.ts";
import { objectsOf, type RenderedStack } from "../../stacks/stack.ts";

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
  const own = new Map<string, SeriesLabels | "unknown">();
  const source: LabelSource = (series) => {
    const known = own.get(series);
    if (known !== undefined) return known === "unknown" ? undefined : known;
    const sets = recordedLabels(series);
    return sets && { sets, target: true };
  };
  for (const rule of charts.flatMap(({ ruleGroups }) => ruleGroups.flatMap((group) => group.rules))) {
    if (!("record" in rule)) continue;
    const added = Object.keys(rule.labels ?? {});
    const before = own.get(rule.record);
    const result = resultLabels(rule.expr, source);
    if (!result || before === "unknown") own.set(rule.record, "unknown");
    else {
      const sets = [...(before?.sets ?? []), ...result.sets.map((set) => [...set, ...added])];
      own.set(rule.record, { sets, target: result.target || before?.target === true });
    }
  }
  return source;
}

/** What a stack's monitors drop of the series that they scrape, as `name` or `name;le`. */
export const droppedBy = (stack: RenderedStack): readonly RegExp[] =>
  objectsOf(stack)
    .flatMap(({ object }) => {
      const { endpoints = [], podMetricsEndpoints = [] } = (object as Monitor).spec ?? {};
      return [...endpoints, ...podMetricsEndpoints].flatMap(({ metricRelabelings = [] }) => metricRelabelings);
    })
    .filter(({ action, sourceLabels }) => action === "drop" && /^__name__(,le)?$/.test(String(sourceLabels)))
    .map(({ regex }) => new RegExp(`^(?:${regex})$`));

interface Monitor {
  readonly spec?: Readonly<Partial<Record<"endpoints" | "podMetricsEndpoints", readonly MonitorEndpoint[]>>>;
}

interface MonitorEndpoint {
  readonly metricRelabelings?: readonly {
    readonly action?: string;
    readonly sourceLabels?: readonly string[];
    readonly regex?: string;
  }[];
}

/** The series that a query selects, as `name`, and as `name;le` where it asks for one bucket. */
export const selectedSeries = ({ promql }: StackQuery): readonly string[] =>
  selections(promql).flatMap(({ name, node }) => {
    const [, asked] = /\ble=~?"([^"]+)"/.exec(promql.slice(node.from, node.to)) ?? [];
    // Of `1(\\.0)?`, the way that programs write it.
    return asked === undefined ? [name] : [name, `${name};${asked.replaceAll(/\(.*?\)\?/g, "")}`];
  });

/** Names of the series that a stack's recording rules write. */
export const recordedByRules = ({ charts }: RenderedStack): ReadonlySet<string> =>
  new Set(
    charts.flatMap(({ ruleGroups }) =>
      ruleGroups.flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))),
    ),
  );
