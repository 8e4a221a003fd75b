import { parser } from "@grafana/lezer-logql";
import { yamlText } from "../../../lib/formats/yaml.ts";
import { type ComponentChart, ruleGroup } from "../../../lib/kubernetes/index.ts";
import { grammarError } from "../../../lib/monitoring/grammar.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";
import type { LogAlertGroup } from "../props.ts";

/** Parses a LogQL query and returns it unchanged. @throws SyntaxError with the position of the first error */
function logql(query: string): string {
  const error = grammarError(parser, query);
  if (error !== undefined) throw new SyntaxError(`invalid LogQL: ${query}\n  ${error}`);
  return query;
}

/** Renders log alerts as a rule file for Loki's ruler: Prometheus' format with LogQL expressions. */
export function logRules(
  chart: ComponentChart,
  groups: readonly RuleGroup[],
  additional: readonly LogAlertGroup[],
): string {
  const own = chart.changeAlerts(groups, parser).map((group) => ruleGroup(chart, group, logql));
  return yamlText({ groups: [...own, ...additional] });
}
