import { existsSync } from "node:fs";
import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dashboardErrors, panelsOf } from "../../lib/monitoring/dashboard.ts";
import { retentionProfiles, scales } from "../../lib/sizing/index.ts";
import { objectOf } from "../../test/charts.ts";
import { render } from "../../test/mimir.ts";
import { MimirRulesChart } from "./index.ts";

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
    const names = evaluated("mimir")["mimir-rules-anonymous"].map(({ name }: { name: string }) => name);
    expect(names).toEqual(["mimir"]);
  });

  test("none is Mimir's where Prometheus evaluates, but those that write to another tenant", () => {
    expect(evaluated("prometheus")).toEqual({ "mimir-rules-anonymous": [] });
    const extended = evaluated("prometheus", retentionProfiles.extended);
    expect(extended["mimir-rules-anonymous"]).toEqual([]);
    for (const group of extended["mimir-rules-long-term"]) {
      expect(group).toMatchObject({ source_tenants: ["anonymous"], interval: "5m" });
    }
  });

  test("are the groups of the PrometheusRule objects, in files of the ruler's form", () => {
    const chart = render("large", { evaluator: "mimir" });
    const object = objectOf(chart, "PrometheusRule", "mimir-ruler") as unknown as {
      metadata: { labels: Record<string, string> };
      spec: { groups: { name: string; rules: { expr: string }[] }[] };
    };
    expect(object.metadata.labels.release).toBeUndefined();
    const files = evaluated("mimir")["mimir-rules-anonymous"];
    const shape = (groups: { name: string; rules: { expr: string }[] }[]) =>
      groups.map(({ name, rules }) => [name, rules.map(({ expr }) => expr)]);
    expect(shape(files)).toEqual(shape(object.spec.groups));
  });

  test("reach the ruler without a restart: mounted by name, without a hash", () => {
    const { metadata, spec } = objectOf(render("large", { evaluator: "mimir" }), "Deployment", "mimir-ruler").spec
      .template;
    expect(spec.containers[0].volumeMounts).toContainEqual(
      expect.objectContaining({ name: "mimir-rules-anonymous", mountPath: "/etc/mimir/rules/anonymous" }),
    );
    expect(spec.volumes).toContainEqual({
      name: "mimir-rules-anonymous",
      configMap: { name: "mimir-rules-anonymous", optional: true },
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
  expect(alerts.filter((alert) => !existsSync(new URL(`../../docs/runbooks/${alert}.md`, import.meta.url)))).toEqual(
    [],
  );
});

test("the dashboard's queries are read by the real grammar, and its runbooks exist", () => {
  for (const scale of scales) {
    for (const dashboard of render(scale, { evaluator: "mimir" }).dashboards) {
      expect(dashboardErrors(dashboard)).toEqual([]);
      const runbooks = panelsOf(dashboard).flatMap(({ links = [] }) =>
        links.flatMap((link) => ("runbook" in link ? [link.runbook] : [])),
      );
      expect(runbooks.length).toBeGreaterThan(3);
      expect(
        runbooks.filter((alert) => !existsSync(new URL(`../../docs/runbooks/${alert}.md`, import.meta.url))),
      ).toEqual([]);
    }
  }
});
