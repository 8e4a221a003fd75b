import type { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { promql } from "../monitoring/promql.ts";
import { type Alert, evaluatorOf, type Recording, type RuleGroup } from "../monitoring/rules.ts";
import type { ComponentChart } from "./chart.ts";
import type { Labels } from "./labels.ts";
import { evaluatorLabel, monitorLabels } from "./monitors.ts";

/** Variables of dashboards, from the labels that an alert has. An empty one would select nothing. */
const dashboardVariables = `?${["cluster", "namespace"]
  .map((label) => `{{ with $labels.${label} }}&var-${label}={{ . | urlquery }}{{ end }}`)
  .join("")}`;

/** A rule in the format of Prometheus and Mimir. */
function rule(chart: ComponentChart, each: Alert | Recording, checked: (query: string) => string) {
  if ("record" in each)
    return { record: each.record, expr: checked(each.expr), ...(each.labels && { labels: each.labels }) };
  const dashboard = each.dashboard ?? `skopos-${chart.component}`;
  return {
    alert: each.alert,
    expr: checked(each.expr),
    ...(each.for && { for: each.for }),
    labels: { severity: each.severity, ...each.labels },
    annotations: {
      summary: each.summary,
      description: each.description,
      runbook_url: `${chart.runbooks}/${each.alert}.md`,
      dashboard_uid: dashboard,
      ...(chart.grafanaUrl && { dashboard_url: `${chart.grafanaUrl}/d/${dashboard}${dashboardVariables}` }),
    },
  };
}

/** A rule group in the file format. @param checked parses each query and throws if it is invalid: Loki's rules are LogQL */
export function ruleGroup(
  chart: ComponentChart,
  group: RuleGroup,
  checked: (query: string) => string = promql,
): object {
  return {
    name: group.name,
    ...(group.interval && { interval: group.interval }),
    rules: group.rules.map((each) => rule(chart, each, checked)),
  };
}

/**
 * Adds rule groups as a PrometheusRule. Groups that Mimir evaluates do not have the label by which Prometheus selects
 * rules; the stack passes them to the ruler with the labels and tenants that a PrometheusRule cannot express.
 */
export function rules(chart: ComponentChart, part: string, ownGroups: readonly RuleGroup[]): void {
  const groups = chart.changeAlerts(ownGroups);
  chart.ruleGroups.push(...groups);
  // Where Mimir evaluates all rules without this label, what is left to Prometheus has to say so.
  const here: Labels = chart.evaluator === "mimir" ? { [evaluatorLabel]: "prometheus" } : {};
  const elsewhere = (group: RuleGroup) => evaluatorOf(group, chart.evaluator) === "mimir";
  for (const [suffix, labels, chosen] of [
    ["", { ...monitorLabels(chart), ...here }, groups.filter((group) => !elsewhere(group))],
    ["-ruler", { [evaluatorLabel]: "mimir" }, groups.filter(elsewhere)],
  ] as const) {
    if (chosen.length === 0) continue;
    const object = {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: chart.metadata(`${chart.name}${suffix}`, part, labels),
      spec: { groups: chosen.map((group) => ruleGroup(chart, group)) },
    };
    chart.add(object as IPrometheusRule);
  }
}
