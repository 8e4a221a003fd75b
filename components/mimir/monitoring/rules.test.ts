import { existsSync } from "node:fs";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Dashboard, dashboardErrors, panelsOf } from "../../../lib/monitoring/dashboard.ts";
import { dashboardJson } from "../../../lib/monitoring/dashboard-json.ts";
import { retentionProfiles, scales } from "../../../lib/sizing/index.ts";
import { objectOf } from "../../../test/support/charts.ts";
import { render } from "../../../test/support/mimir.ts";
import { aggregateGroups, MimirRulesChart } from "../index.ts";

describe("rules", () => {
  const evaluated = (evaluator: "mimir" | "prometheus", retention = retentionProfiles.standard) => {
    const chart = render("large", { evaluator, retention });
    const rendered = new MimirRulesChart(new App(), "r", {
      namespace: "obs",
      evaluator,
      mimir: chart,
      charts: [chart],
    });
    return Object.fromEntries(
      rendered
        .toJson()
        .map(({ metadata, data }) => [
          metadata.name,
          Object.values(data as Record<string, string>).flatMap((text) => parse(text).groups),
        ]),
    );
  };

  test("about the way to Mimir stay with Prometheus, whoever evaluates the rest", () => {
    const names = evaluated("mimir")["mimir-rules"].map(({ name }: { name: string }) => name);
    expect(names).toEqual(["mimir"]);
  });

  test("none is Mimir's where Prometheus evaluates, but those that write to another tenant", () => {
    expect(evaluated("prometheus")).toEqual({ "mimir-rules": [] });
    const extended = evaluated("prometheus", retentionProfiles.extended);
    expect(extended["mimir-rules"]).toEqual([]);
    for (const group of extended["mimir-rules-long-term"]) {
      expect(group).toMatchObject({ source_tenants: ["anonymous"], interval: "5m" });
    }
  });

  test("read the tenants of teams, too", () => {
    const chart = render("large", {
      evaluator: "mimir",
      federatedTenants: ["payments"],
      retention: retentionProfiles.extended,
    });
    const props = { namespace: "obs", evaluator: "mimir", mimir: chart, charts: [chart] } as const;
    const groups = new MimirRulesChart(new App(), "r", props)
      .toJson()
      .flatMap(({ data }) => Object.values(data as Record<string, string>).flatMap((text) => parse(text).groups));
    expect(groups.length).toBeGreaterThan(1);
    for (const group of groups) expect(group.source_tenants).toEqual(["anonymous", "payments"]);
  });

  test("are the groups of the PrometheusRule objects, in files of the ruler's form", () => {
    const chart = render("large", { evaluator: "mimir" });
    const object = objectOf(chart, "PrometheusRule", "mimir-ruler") as unknown as {
      metadata: { labels: Record<string, string> };
      spec: { groups: { name: string; rules: { expr: string }[] }[] };
    };
    expect(object.metadata.labels.release).toBeUndefined();
    const files = evaluated("mimir")["mimir-rules"];
    const shape = (groups: { name: string; rules: { expr: string }[] }[]) =>
      groups.map(({ name, rules }) => [name, rules.map(({ expr }) => expr)]);
    expect(shape(files)).toEqual(shape(object.spec.groups));
  });

  test("reach the ruler without a restart: mounted by name, without a hash", () => {
    const { metadata, spec } = objectOf(render("large", { evaluator: "mimir" }), "Deployment", "mimir-ruler").spec
      .template;
    expect(spec.containers[0].volumeMounts).toContainEqual(
      expect.objectContaining({ name: "mimir-rules", mountPath: "/etc/mimir/rules/anonymous" }),
    );
    expect(spec.volumes).toContainEqual({
      name: "mimir-rules",
      configMap: { name: "mimir-rules", optional: true },
    });
    expect(Object.keys(metadata.annotations)).toEqual(["checksum/mimir"]);
  });
});

test("every alert has its runbook page", () => {
  const chart = render("large", { evaluator: "mimir" });
  const alerts = chart.ruleGroups.flatMap(({ rules }) =>
    rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])),
  );
  expect(alerts.length).toBeGreaterThan(15);
  expect(new Set(alerts).size).toBe(alerts.length);
  expect(alerts.filter((alert) => !existsSync(new URL(`../../../docs/runbooks/${alert}.md`, import.meta.url)))).toEqual(
    [],
  );
});

const dashboards = scales.flatMap(
  (scale) => render(scale, { evaluator: "mimir", retention: retentionProfiles.extended }).dashboards,
);

test("dashboards' queries are read by the real grammar, and their runbooks exist", () => {
  expect(dashboards.flatMap(dashboardErrors)).toEqual([]);
  const links = dashboards.flatMap(panelsOf).flatMap((panel) => panel.links ?? []);
  const runbooks = new Set(links.flatMap((link) => ("runbook" in link ? [link.runbook] : [])));
  expect(runbooks.size).toBeGreaterThan(3);
  expect(
    [...runbooks].filter((alert) => !existsSync(new URL(`../../../docs/runbooks/${alert}.md`, import.meta.url))),
  ).toEqual([]);
});

test("the long-term dashboard opens with the data source of its tenant", () => {
  const longTerm = dashboards.find(({ uid }) => uid === "skopos-mimir-long-term") as Dashboard;
  const source = dashboardJson(longTerm, "https://runbooks.example.com").templating.list?.[0];
  expect(source).toMatchObject({ type: "datasource", current: { value: "skopos-metrics-aggregates" } });
});

test("the long-term dashboard asks for nothing that is not recorded", () => {
  const recorded = new Set(
    aggregateGroups().flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))),
  );
  const longTerm = dashboards.find(({ uid }) => uid === "skopos-mimir-long-term");
  const asked = panelsOf(longTerm as Dashboard).flatMap(({ queries }) =>
    queries.flatMap((query) => ("promql" in query ? (query.promql.match(/cluster\w*:\w+:\w+/g) ?? []) : [])),
  );
  expect(asked.length).toBeGreaterThan(15);
  expect(asked.filter((name) => !recorded.has(name))).toEqual([]);
});
