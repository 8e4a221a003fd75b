import type { LRParser } from "@lezer/lr";
import type { Duration } from "../sizing/index.ts";
import type { Alert, Recording, RuleGroup, Severity } from "./rules.ts";
import { withThreshold } from "./threshold.ts";

/** Changes of one alert. */
export interface AlertOverride {
  /** Whether the alert exists. @default true */
  readonly enabled?: boolean;
  /** The number that the alert's expression is compared with, in the unit of the expression. @default the alert's own */
  readonly threshold?: number;
  /** How long the condition must hold before the alert fires. @default the alert's own */
  readonly for?: Duration;
  /** @default the alert's own */
  readonly severity?: Severity;
  /** Labels in addition to those of the series, by which alerts are routed. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** One line that says what is wrong. @default the alert's own */
  readonly summary?: string;
}

/**
 * Changes of alerts, by name, or by `name/severity` where one alert exists at several severities. Names of other components'
 * alerts have no effect, so that one mapping serves a whole stack.
 */
export type AlertOverrides = Readonly<Record<string, AlertOverride>>;

/** Whether an alert compares its expression with a number, which an override can replace. */
export function hasThreshold(alert: Alert, parser: LRParser): boolean {
  return withThreshold(alert.expr, 0, parser) !== undefined;
}

/** What is changed of one alert: a change by name and severity replaces the same one by name. */
export const overrideOf = (overrides: AlertOverrides, name: string, severity: Severity): AlertOverride => ({
  ...overrides[name],
  ...overrides[`${name}/${severity}`],
});

/** Rule groups with changed alerts; groups that are left without rules are dropped. @param parser of the language of the rules */
export function overrideAlerts(
  groups: readonly RuleGroup[],
  overrides: AlertOverrides,
  parser: LRParser,
): readonly RuleGroup[] {
  return groups.flatMap((group) => {
    const rules = group.rules.flatMap((rule): readonly (Alert | Recording)[] => {
      if ("record" in rule) return [rule];
      const { enabled = true, ...changes } = overrideOf(overrides, rule.alert, rule.severity);
      return enabled ? [overridden(rule, changes, parser)] : [];
    });
    return rules.length > 0 || group.rules.length === 0 ? [{ ...group, rules }] : [];
  });
}

function overridden(alert: Alert, { threshold, labels, ...changes }: AlertOverride, parser: LRParser): Alert {
  return {
    ...alert,
    ...changes,
    ...(labels && { labels: { ...alert.labels, ...labels } }),
    ...(threshold !== undefined && {
      expr: withThreshold(alert.expr, threshold, parser) ?? alert.expr,
      // Texts often name the default threshold.
      description: `${alert.description} The threshold of this stack is ${threshold}.`,
    }),
  };
}
