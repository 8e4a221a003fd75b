import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import type { RuleGroup } from "../../lib/monitoring/rules.ts";

export function mimirAlerts(_chart: ComponentChart): RuleGroup[] {
  return [];
}
