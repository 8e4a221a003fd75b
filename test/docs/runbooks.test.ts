// A runbook is read in an incident: what it tells the reader to look at must exist.
import { parser } from "@prometheus-io/lezer-promql";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { KubePrometheusChart } from "../../components/kube-prometheus/index.ts";
import { type ComponentChart, defaultCluster } from "../../lib/kubernetes/index.ts";
import { panelsOf } from "../../lib/monitoring/dashboard.ts";
import { type Query, queryError } from "../../lib/monitoring/query.ts";
import { environments, profilePairs } from "../stacks/variants.ts";
import { blocksOf, inlineCode, pages, proseOf, readPage } from "./markdown.ts";

const runbooks = pages().filter((page) => page.startsWith("docs/runbooks/"));
const nameOf = (page: string): string => page.slice("docs/runbooks/".length, -".md".length);

/** The three environments, the largest stack, and a control plane with the parts that are only monitored on request. */
const stacks = [...environments, ...profilePairs.filter(({ name }) => name === "xlarge + archive")].map(({ render }) =>
  render(),
);
const charts: readonly ComponentChart[] = [
  ...stacks.flatMap((stack) => stack.charts),
  new KubePrometheusChart(new App(), "metrics", {
    namespace: "observability",
    agentsNamespace: "observability-agents",
    crds: false,
    cluster: defaultCluster,
    controlPlane: ["kube-apiserver", "coredns", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd"],
  }),
];
const rules = charts.flatMap((chart) => chart.ruleGroups.flatMap((group) => group.rules));
const panels = charts.flatMap((chart) => chart.dashboards.flatMap(panelsOf));
const objects = charts.map((chart) => JSON.stringify(chart.toJson())).join("\n");

/** The metrics that a PromQL query selects by name. */
function metricsIn(query: string): string[] {
  const names: string[] = [];
  const plain = query.replaceAll(/\$__\w+/g, "5m");
  parser.parse(plain).iterate({
    enter: ({ name, node }) => {
      const selector = name === "VectorSelector" ? node.getChild("Identifier") : undefined;
      if (selector) names.push(plain.slice(selector.from, selector.to));
    },
  });
  return names;
}

/** Metrics that rules and dashboards query: any other metric may have been dropped or renamed. */
const known = new Set([
  "ALERTS",
  ...rules.flatMap((rule) => [...metricsIn(rule.expr), ...("record" in rule ? [rule.record] : [])]),
  ...panels.flatMap(({ queries }) => queries.flatMap((query) => ("promql" in query ? metricsIn(query.promql) : []))),
]);
const exporters = new Set([...known].map((name) => name.split("_")[0]));

/** Whether inline code names a metric: `kube_pod_info`, but not `grafana_folder` or `rate_limited`. */
const looksLikeMetric = (code: string): boolean =>
  /^[a-z][a-z0-9:]*(_[A-Za-z0-9:]+){2,}$/.test(code) && exporters.has(code.split("_")[0]);

test("every alert has a runbook, and every runbook an alert", () => {
  const alerts = rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : []));
  expect([...new Set(alerts)].sort()).toEqual(runbooks.map(nameOf));
});

describe.each(runbooks)("%s", (page) => {
  test("has its title and the four sections, none of them empty", () => {
    const [title, ...sections] = readPage(page)
      .split(/^(?:# |## )/m)
      .slice(1);
    expect(title?.trim()).toBe(nameOf(page));
    expect(sections.map((section) => section.split("\n")[0])).toEqual(["Meaning", "Impact", "Diagnosis", "Mitigation"]);
    for (const section of sections) expect(section.split("\n").slice(1).join("").trim()).not.toBe("");
  });

  test("has its queries in blocks, and each is read by its language's grammar", () => {
    const blocks = blocksOf(page);
    expect(blocks.filter(({ language }) => !["promql", "logql"].includes(language))).toEqual([]);
    const queries = blocks.map(({ language, text }) => ({ [language]: text }) as unknown as Query);
    expect(queries.map(queryError).filter(Boolean)).toEqual([]);
    expect(inlineCode(page).filter((code) => /\b(rate|increase|topk|sum|histogram_quantile)( by)? ?\(\w/.test(code)))
      // A function's name alone, such as `rate()`, is no query.
      .toEqual([]);
  });

  test("names only metrics that our rules and dashboards ask for", () => {
    const promql = blocksOf(page).filter(({ language }) => language === "promql");
    const named = [...promql.flatMap(({ text }) => metricsIn(text)), ...inlineCode(page).filter(looksLikeMetric)];
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test("names only objects, dashboards and panels of ours that exist", () => {
    const text = proseOf(page).replaceAll(/\s+/g, " ");
    const ours = inlineCode(page).filter((code) => code.includes("-n observability"));
    const missing = [
      ...ours.flatMap((code) =>
        [...code.matchAll(/(?:deploy|daemonset|statefulset|servicemonitor|pvc)[/ ]([a-z][a-z-]+)/g)].map(
          ([, name]) => `"name":"${name}"`,
        ),
      ),
      ...ours.flatMap((code) =>
        [...code.matchAll(/-l ([a-z./-]+)=([a-z-]+)/g)].map(([, key, value]) =>
          key === "kubernetes.io/service-name" ? `"name":"${value}"` : `"${key}":"${value}"`,
        ),
      ),
      ...[...text.matchAll(/Dashboard "([^"]+)"/g)].map(([, title]) => `"title":${JSON.stringify(title)}`),
    ].filter((name) => !objects.includes(name) && !objects.includes(name.replaceAll('"', '\\"')));
    const titles = new Set(panels.map(({ title }) => title));
    const panel = [...text.matchAll(/panel "([^"]+)"/g)].map(([, title]) => title!);
    expect([...missing, ...panel.filter((title) => !titles.has(title))]).toEqual([]);
  });
});
