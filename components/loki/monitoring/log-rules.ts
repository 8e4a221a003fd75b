import { parser } from "@grafana/lezer-logql";
import { stringify } from "yaml";
import { type ComponentChart, ruleGroup } from "../../../lib/kubernetes/index.ts";
import { grammarError } from "../../../lib/monitoring/grammar.ts";
import type { RuleGroup } from "../../../lib/monitoring/rules.ts";

/** A query of logs that was read by the real grammar. @throws SyntaxError with the place of the mistake */
export function logql(query: string): string {
  const error = grammarError(parser, query);
  if (error !== undefined) throw new SyntaxError(`not LogQL: ${query}\n  ${error}`);
  return query;
}

/** A rule file of log alerts, as Loki's ruler reads it: Prometheus' form, with LogQL in it. */
export function logRules(chart: ComponentChart, groups: readonly RuleGroup[]): string {
  return stringify({ groups: groups.map((group) => ruleGroup(chart, group, logql)) }, { lineWidth: 0 });
}
