import type { Construct } from "constructs";
import { stringify } from "yaml";
import { ComponentChart, type ComponentProps, configMap, ruleGroup } from "../../../lib/kubernetes/index.ts";
import { type Evaluator, evaluatorOf, type RuleGroup } from "../../../lib/monitoring/rules.ts";
import { formatBytes, MiB } from "../../../lib/sizing/index.ts";
import type { MimirChart } from "../chart.ts";
import { rulesConfigMap } from "../pod.ts";

export interface MimirRulesProps extends ComponentProps {
  /** The Mimir that evaluates. */
  readonly mimir: MimirChart;
  /** Every chart of the stack: their groups that Mimir evaluates are taken. */
  readonly charts: readonly ComponentChart[];
}

/** The API server refuses larger ConfigMaps. */
const mostBytes = MiB;

type RuleFiles = Record<string, { groups: object[] }>;

/**
 * The stack's rules as files for Mimir's ruler: one ConfigMap a tenant, one file a chart, from the same groups that the
 * PrometheusRule objects hold. The kubelet brings a change into the pods within its sync period (about a minute), the
 * ruler polls its folder every minute: no pod restarts, and an alert that is pending stays so.
 */
export class MimirRulesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, { mimir, charts, ...props }: MimirRulesProps) {
    super(scope, id, "mimir-rules", props);
    const tenants = ruleFiles(charts, mimir.tenant, this.evaluator, this.cluster.name);
    for (const tenant of mimir.ruleTenants) {
      const files = tenants.get(tenant) ?? {};
      const data = Object.fromEntries(
        Object.entries(files).map(([file, content]) => [file, stringify(content, { lineWidth: 0 })]),
      );
      const bytes = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      if (bytes > mostBytes) {
        throw new RangeError(
          `rules of tenant ${tenant} take ${formatBytes(bytes)}, a ConfigMap at most ${formatBytes(mostBytes)}`,
        );
      }
      configMap(this, this.component, rulesConfigMap(mimir, tenant), data, { reloads: true });
    }
  }
}

/** By tenant and file: the groups that Mimir evaluates. */
function ruleFiles(
  charts: readonly ComponentChart[],
  mainTenant: string,
  evaluator: Evaluator,
  cluster: string,
): Map<string, RuleFiles> {
  const tenants = new Map<string, RuleFiles>();
  for (const chart of charts) {
    for (const group of chart.ruleGroups) {
      if (evaluatorOf(group, evaluator) !== "mimir") continue;
      const tenant = group.tenant ?? mainTenant;
      const files = tenants.get(tenant) ?? {};
      tenants.set(tenant, files);
      const file = `${chart.name}.yaml`;
      files[file] ??= { groups: [] };
      files[file].groups.push({
        ...withCluster(chart, group, cluster),
        ...(tenant !== mainTenant && { source_tenants: [mainTenant] }),
      });
    }
  }
  return tenants;
}

interface RenderedRule {
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Prometheus adds its external label `cluster` to what it sends; the ruler adds nothing. An alert keeps the cluster of
 * its series and has the home cluster otherwise; a recording that does not keep `cluster` gets the home cluster.
 */
function withCluster(chart: ComponentChart, group: RuleGroup, cluster: string): object {
  const rendered = ruleGroup(chart, group) as { rules: readonly RenderedRule[] };
  const labelled = (rule: RenderedRule): RenderedRule => {
    if (rule.record && /\bcluster\b/.test(rule.expr)) return rule;
    const value = rule.record ? cluster : `{{ with $labels.cluster }}{{ . }}{{ else }}${cluster}{{ end }}`;
    return { ...rule, labels: { cluster: value, ...rule.labels } };
  };
  return { ...rendered, rules: rendered.rules.map(labelled) };
}
