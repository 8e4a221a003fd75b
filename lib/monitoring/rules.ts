import type { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { type ComponentChart, monitorLabels } from "../kubernetes/index.ts";
import type { Duration } from "../sizing/index.ts";
import { promql } from "./promql.ts";

/** How soon somebody must look: `critical` wakes a person, `warning` waits for the morning, `info` is context. */
export type Severity = "critical" | "warning" | "info";

/** An alert and all that its reader needs. */
export interface Alert {
  /** CamelCase, unique in the whole stack; also the name of its page in docs/runbooks. */
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. @default at once */
  readonly for?: Duration;
  readonly severity: Severity;
  /** One line, without values. */
  readonly summary: string;
  /** What is wrong, with values and labels by `{{ $labels.x }}` and `{{ $value }}`. */
  readonly description: string;
  /** UID of the dashboard that shows it. @default the component's own */
  readonly dashboard?: string;
}

/** A series computed from others. */
export interface Recording {
  /** `level:metric:operations`. */
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  /** @default the evaluator's own interval */
  readonly interval?: Duration;
  /**
   * Rules about Prometheus itself and the way to Mimir must not depend on Mimir.
   * @default false: the stack's evaluator, Prometheus or Mimir's ruler
   */
  readonly local?: boolean;
  /** Tenant that the results are written to, by Mimir's ruler. @default the tenant of the data */
  readonly tenant?: string;
  readonly rules: readonly (Alert | Recording)[];
}

/** Who evaluates the rules that are not local. Each rule has one evaluator: two would mean double alerts. */
export type Evaluator = "prometheus" | "mimir";

/** Who evaluates one group. Only Mimir's ruler can write to another tenant, whoever evaluates the rest. */
export function evaluatorOf(group: RuleGroup, stack: Evaluator): Evaluator {
  if (group.tenant !== undefined) return "mimir";
  return group.local ? "prometheus" : stack;
}

/** A rule as Prometheus and Mimir read it. */
function rule(chart: ComponentChart, each: Alert | Recording, checked: (query: string) => string) {
  if ("record" in each)
    return { record: each.record, expr: checked(each.expr), ...(each.labels && { labels: each.labels }) };
  return {
    alert: each.alert,
    expr: checked(each.expr),
    ...(each.for && { for: each.for }),
    labels: { severity: each.severity },
    annotations: {
      summary: each.summary,
      description: each.description,
      runbook_url: `${chart.runbooks}/${each.alert}.md`,
      dashboard_uid: each.dashboard ?? `skopos-${chart.component}`,
    },
  };
}

/** A group as a rule file holds it. @param checked reads each query, and throws where it is none: Loki's rules are LogQL */
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
 * Adds rule groups as a PrometheusRule. Those that Mimir evaluates lack the label by which Prometheus finds rules;
 * whoever composes the stack hands them to the ruler.
 */
export function rules(chart: ComponentChart, part: string, groups: readonly RuleGroup[]): void {
  chart.ruleGroups.push(...groups);
  const elsewhere = (group: RuleGroup) => evaluatorOf(group, chart.evaluator) === "mimir";
  for (const [suffix, labels, chosen] of [
    ["", monitorLabels, groups.filter((group) => !elsewhere(group))],
    ["-ruler", { "skopos.dev/evaluator": "mimir" }, groups.filter(elsewhere)],
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
