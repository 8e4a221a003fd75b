import type { Duration } from "../sizing/index.ts";

/** Urgency: `critical` pages someone, `warning` can wait for working hours, `info` is context. */
export type Severity = "critical" | "warning" | "info";

/** An alert. */
export interface Alert {
  /** CamelCase, unique in the whole stack; also the name of its page in docs/runbooks. */
  readonly alert: string;
  readonly expr: string;
  /** How long the condition must hold before the alert fires. @default it fires at once */
  readonly for?: Duration;
  readonly severity: Severity;
  /** Labels in addition to the severity. @default none */
  readonly labels?: Readonly<Record<string, string>>;
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

/** Rules that are evaluated sequentially. */
export interface RuleGroup {
  readonly name: string;
  /** @default the evaluator's own interval */
  readonly interval?: Duration;
  /**
   * For rules about Prometheus itself and its remote write, which must not depend on Mimir.
   * @default false: the stack's evaluator, Prometheus or Mimir's ruler
   */
  readonly local?: boolean;
  /** Tenant that the results are written to, by Mimir's ruler. @default the tenant of the data */
  readonly tenant?: string;
  readonly rules: readonly (Alert | Recording)[];
}

/** Who evaluates the rules that are not local. Each rule has one evaluator: two would mean double alerts. */
export type Evaluator = "prometheus" | "mimir";

/** Evaluator of a group. Groups that write to another tenant are always evaluated by Mimir's ruler. */
export function evaluatorOf(group: RuleGroup, stack: Evaluator): Evaluator {
  if (group.tenant !== undefined) return "mimir";
  return group.local ? "prometheus" : stack;
}
