import type { Construct } from "constructs";
import { yamlText } from "../../../lib/formats/yaml.ts";
import { ComponentChart, type ComponentProps, configMap, ruleGroup } from "../../../lib/kubernetes/index.ts";
import { type Evaluator, evaluatorOf, type RuleGroup } from "../../../lib/monitoring/rules.ts";
import { formatBytes, MiB } from "../../../lib/sizing/index.ts";
import type { MimirChart } from "../chart.ts";
import { rulesConfigMap } from "../pod.ts";

export interface MimirRulesProps extends ComponentProps {
  /** The Mimir whose ruler evaluates the rules. */
  readonly mimir: MimirChart;
  /** All charts of the stack; the rule groups that Mimir evaluates are collected from them. */
  readonly charts: readonly ComponentChart[];
}

/** Largest ConfigMap the API server accepts. @see https://kubernetes.io/docs/concepts/configuration/configmap/ */
const maxBytes = MiB;

type RuleFiles = Record<string, { groups: object[] }>;

/**
 * Rule files for Mimir's ruler: one ConfigMap per tenant and one file per chart, from the same groups as the
 * PrometheusRule objects. The kubelet propagates changes within its sync period (about a minute) and the ruler polls its
 * directory every minute, so a change restarts no pod and pending alerts stay pending.
 */
export class MimirRulesChart extends ComponentChart {
  readonly endpoints = {};

  constructor(scope: Construct, id: string, { mimir, charts, ...props }: MimirRulesProps) {
    super(scope, id, "mimir-rules", props);
    const tenants = ruleFiles(charts, mimir.readTenants, this.evaluator, this.cluster.name);
    for (const tenant of mimir.ruleTenants) {
      const files = tenants.get(tenant) ?? {};
      const data = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, yamlText(content)]));
      const bytes = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      if (bytes > maxBytes) {
        throw new RangeError(
          `the rules of tenant ${tenant} take ${formatBytes(bytes)}; a ConfigMap holds at most ${formatBytes(maxBytes)}`,
        );
      }
      configMap(this, this.component, rulesConfigMap(mimir, tenant), data, { reloads: true });
    }
  }
}

/** The groups that Mimir evaluates, by tenant and file. */
function ruleFiles(
  charts: readonly ComponentChart[],
  readTenants: readonly string[],
  evaluator: Evaluator,
  cluster: string,
): Map<string, RuleFiles> {
  const [mainTenant = ""] = readTenants;
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
        ...((tenant !== mainTenant || readTenants.length > 1) && { source_tenants: readTenants }),
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
 * Prometheus adds its external label `cluster` to everything it sends; the ruler adds no labels. An alert keeps the
 * `cluster` label of its series and otherwise gets the home cluster; so does a recording that drops `cluster`.
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
