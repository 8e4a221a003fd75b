import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import {
  type ComponentChart,
  type ComponentProps,
  evaluatorLabel,
  monitorSelector,
  podSecurity,
} from "../../../lib/kubernetes/index.ts";
import { nobody } from "../operator/operated.ts";

type RuleSelector = IPrometheus["spec"]["ruleSelector"];

/** Rules that this Prometheus evaluates: where Mimir evaluates those of teams, only the ones labelled for Prometheus. */
export function ruleSelector(chart: ComponentChart, watchAll: boolean): RuleSelector {
  if (watchAll && chart.evaluator !== "mimir")
    return { matchExpressions: [{ key: evaluatorLabel, operator: "NotIn", values: ["mimir"] }] };
  const found: ReturnType<typeof monitorSelector> = watchAll ? {} : monitorSelector(chart);
  if (chart.evaluator !== "mimir") return found;
  return { ...found, matchLabels: { ...found.matchLabels, [evaluatorLabel]: "prometheus" } };
}

/** Name of the resource whose rule files Mimir's ruler reads. */
const rulesName = (name: string): string => `${name}-rules`;

/**
 * ConfigMaps that rule files are mounted from: the operator fills each with up to 512 KiB and numbers them. 16 hold 8 MiB,
 * about 16,000 alerts.
 * @see https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/pkg/operator/rules.go
 */
const mostConfigMaps = 16;

/** Names of the ConfigMaps with the PrometheusRules of teams. They are known before the chart exists. */
export function teamRuleConfigMaps({ name = "kube-prometheus" }: ComponentProps): readonly string[] {
  return Array.from({ length: mostConfigMaps }, (_, index) => `prometheus-${rulesName(name)}-rulefiles-${index}`);
}

/**
 * Adds a Prometheus resource without pods, for which the operator validates the PrometheusRules of all namespaces and
 * writes them to ConfigMaps. Mimir's ruler mounts these, so that rules of teams are evaluated once over all series, not
 * by each shard over its own.
 */
export function rulesForMimir(chart: ComponentChart, watchAll: boolean): void {
  const found: ReturnType<typeof monitorSelector> = watchAll ? {} : monitorSelector(chart);
  chart.add({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: chart.metadata(rulesName(chart.name), "prometheus"),
    spec: {
      replicas: 0,
      ruleSelector: {
        ...found,
        matchExpressions: [...(found.matchExpressions ?? []), { key: evaluatorLabel, operator: "DoesNotExist" }],
      },
      ruleNamespaceSelector: {},
      securityContext: podSecurity(chart.cluster.platform, { user: nobody }),
    },
  } as IPrometheus);
}
