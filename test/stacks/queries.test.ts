// Every query of every stack against the labels that the real programs expose.
import { describe, expect, test } from "vitest";
import { recordedLabels } from "../../lib/monitoring/catalogues/index.ts";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { type LabelSource, resultLabels, seriesErrors } from "../../lib/monitoring/series.ts";
import { loadStack } from "../../stacks/stack.ts";

describe.each(["dev", "staging", "prod"])("queries of %s", (name) => {
  const { charts } = loadStack("stacks", name);
  const rules = charts.flatMap(({ ruleGroups }) => ruleGroups).flatMap((group) => group.rules);
  const recorded = new Map<string, readonly (readonly string[])[]>();
  const source: LabelSource = (series) => recorded.get(series) ?? recordedLabels(series);
  for (const rule of rules) {
    const labels = "record" in rule ? resultLabels(rule.expr, source) : undefined;
    const own = Object.keys(("record" in rule && rule.labels) || {});
    if ("record" in rule && labels)
      recorded.set(
        rule.record,
        labels.map((set) => [...set, ...own]),
      );
  }

  test("rules ask for labels that exist and join series that can match", () => {
    const errors = rules.flatMap((rule) =>
      seriesErrors(rule.expr, source).map((error) => `${"alert" in rule ? rule.alert : rule.record}: ${error}`),
    );
    expect(errors).toEqual([]);
  });

  test("dashboards do", () => {
    const errors = charts.flatMap(({ dashboards }) =>
      dashboards.flatMap((dashboard) =>
        panelsOf(dashboard).flatMap(({ title, queries }) =>
          queries
            .flatMap((query) => ("promql" in query ? seriesErrors(query.promql.replace(/\$__\w+/g, "5m"), source) : []))
            .map((error) => `${dashboard.uid}, ${title}: ${error}`),
        ),
      ),
    );
    expect(errors).toEqual([]);
  });
});
