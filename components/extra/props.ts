import type { Manifest } from "../../lib/kubernetes/index.ts";
import type { GrafanaDashboard } from "../../lib/monitoring/foreign-dashboard.ts";
import type { Duration } from "../../lib/sizing/index.ts";

/** A rule in Prometheus' own format. */
export type PlainRule = {
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
} & (
  | {
      readonly alert: string;
      readonly for?: Duration;
      /** How long it keeps firing after the condition has ended. @default not at all */
      readonly keep_firing_for?: Duration;
      readonly annotations?: Readonly<Record<string, string>>;
    }
  | { readonly record: string }
);

/** A group of rules in Prometheus' own format. */
export interface PlainRuleGroup {
  readonly name: string;
  /** @default the evaluator's own interval */
  readonly interval?: Duration;
  readonly rules: readonly PlainRule[];
}

/** What a user adds to a stack. */
export interface Additions {
  /** Objects of Kubernetes. @default none */
  readonly manifests?: readonly Manifest[];
  /** Rules of metrics, evaluated where the stack's are. @default none */
  readonly rules?: readonly PlainRuleGroup[];
  /** Dashboards as Grafana exports them, each in a folder. @default none */
  readonly dashboards?: readonly {
    /** @default "Observability" */
    readonly folder?: string;
    readonly json: GrafanaDashboard;
  }[];
}
