import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { KubernetesObject } from "../../lib/kubernetes/index.ts";
import { resolve } from "../../stacks/resolve.ts";
import { objectsOf, type RenderedStack, renderStack } from "../../stacks/stack.ts";
import { least } from "../support/rejected-stacks.ts";
import { variants } from "./variants.ts";

interface RuleInGroup {
  readonly alert?: string;
  readonly record?: string;
  readonly severity?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly RuleInGroup[];
}

type RuleObject = KubernetesObject & {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly groups: readonly Group[] };
};

/** Names of rules, with what tells apart those of the same name: the severity of alerts, the labels of recordings. */
const names = (groups: readonly Group[]): readonly string[] =>
  groups.flatMap(({ name, rules }) => rules.map((rule) => `${name}/${rule.alert ?? rule.record}${distinction(rule)}`));

function distinction({ alert, severity, labels = {} }: RuleInGroup): string {
  if (alert) return ` ${severity ?? labels.severity}`;
  // The ruler's rules have the label of the cluster.
  const { cluster: _, ...own } = labels;
  return Object.keys(own).length > 0 ? ` ${JSON.stringify(own)}` : "";
}

/** Rules that Prometheus evaluates: in PrometheusRules with the label that it selects. */
function byPrometheus(stack: RenderedStack): readonly string[] {
  const objects = objectsOf(stack).map(({ object }) => object as RuleObject);
  const release = `skopos-${stack.props.namespaces.stack}`;
  const chosen = objects.filter(
    ({ kind, metadata }) => kind === "PrometheusRule" && metadata.labels?.release === release,
  );
  return names(chosen.flatMap(({ spec }) => spec.groups));
}

/** Rules that Mimir's ruler evaluates: in the ConfigMaps that it mounts. */
function byMimir(stack: RenderedStack): readonly string[] {
  const files = objectsOf(stack)
    .filter(({ component, object }) => component === "mimir-rules" && object.kind === "ConfigMap")
    .flatMap(({ object }) => Object.values((object as unknown as { data: Record<string, string> }).data));
  return names(files.flatMap((text) => (parse(text) as { groups: Group[] }).groups));
}

describe.each(variants)("$name", ({ render }) => {
  test("each rule is evaluated in exactly one place", () => {
    const stack = render();
    const declared = names(stack.charts.flatMap((chart) => chart.ruleGroups) as readonly Group[]);
    const evaluated = [...byPrometheus(stack), ...byMimir(stack)];
    expect(evaluated.toSorted()).toEqual(declared.toSorted());
    expect(new Set(evaluated).size).toBe(evaluated.length);
    expect(evaluated.length).toBeGreaterThan(30);
  });

  test("from ten million series on Mimir evaluates all but what is about Prometheus and the way to Mimir", () => {
    const stack = render();
    const alerts = byPrometheus(stack).filter((name) => !name.includes(":"));
    const large = stack.workload.activeSeries >= 10_000_000;
    expect(alerts.some((name) => name.includes("KubePodCrashLooping"))).toBe(!large);
    expect(alerts.some((name) => name.includes("/Watchdog "))).toBe(true);
  });
});

test.each(["medium", "large"])(
  "at %s, rules of teams have one evaluator: Prometheus, or the ruler that mounts them",
  (scale) => {
    const stack = variants.find(({ name }) => name === `${scale} + standard`)?.render() as RenderedStack;
    const objects = objectsOf(stack).map(({ object }) => object);
    const selecting = objects.filter(({ kind }) => kind === "Prometheus") as (KubernetesObject & {
      spec: { replicas: number; ruleSelector: { matchLabels?: object; matchExpressions?: object[] } };
    })[];
    const mounted = objects
      .filter(({ kind, metadata }) => kind === "Deployment" && metadata.name === "mimir-ruler")
      .flatMap((ruler) => [...JSON.stringify(ruler).matchAll(/"name":"(prometheus-[^"]*-rulefiles-\d+)"/g)])
      .map(([, name]) => name);
    const label = "skopos.dev/evaluator";
    const found = selecting.map(({ metadata, spec }) => [metadata.name, spec.replicas > 0, spec.ruleSelector]);
    const releases = ["kube-prometheus-stack", "skopos-observability"];
    const release = { key: "release", operator: "In", values: releases };
    if (scale === "medium") {
      expect(found).toEqual([["kube-prometheus", true, { matchExpressions: [release] }]]);
      expect(mounted).toEqual([]);
    } else {
      expect(found).toEqual([
        ["kube-prometheus", true, { matchLabels: { [label]: "prometheus" }, matchExpressions: [release] }],
        ["kube-prometheus-rules", false, { matchExpressions: [release, { key: label, operator: "DoesNotExist" }] }],
      ]);
      expect(mounted).toContain("prometheus-kube-prometheus-rules-rulefiles-0");
    }
  },
);

test("every link of alerts and dashboards to a runbook is absolute where the URL of the runbooks is known", () => {
  const runbooks = "https://runbooks.example.com/skopos";
  const config = { ...least, scale: "medium", runbooks, components: { traces: { backend: "tempo" } } };
  const stack = renderStack(resolve(config, { stack: "s" }));
  const objects = JSON.stringify(objectsOf(stack));
  const alerts = stack.charts.flatMap((chart) => chart.knownAlerts.map(({ name }) => name));
  const links = [...objects.matchAll(/runbook_url[\\"]*: *[\\"]*([^\s\\",}]+)/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThanOrEqual(alerts.length);
  expect(links.filter((link) => !link?.startsWith(`${runbooks}/`))).toEqual([]);
  expect(new Set(links).size).toBe(new Set(alerts).size);
  expect(objects).not.toContain("docs/runbooks");
});

test("an alert's name is its own in the whole stack", () => {
  const stack = variants[4]?.render() as RenderedStack;
  const alerts = stack.charts.flatMap((chart) =>
    chart.ruleGroups.flatMap(({ rules }) => rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : []))),
  );
  // The same alert at two severities stands once for each.
  expect(alerts.length - new Set(alerts).size).toBeLessThanOrEqual(alerts.length / 4);
});
