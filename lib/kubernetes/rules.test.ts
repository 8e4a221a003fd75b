import { App } from "cdk8s";
import { describe, expect, test } from "vitest";
import type { AlertOverrides } from "../monitoring/alert-overrides.ts";
import type { Alert, Evaluator, RuleGroup } from "../monitoring/rules.ts";
import { InvalidPropsError } from "../sizing/index.ts";
import { assertKnownAlerts } from "./alert-overrides.ts";
import { ComponentChart, type ComponentProps } from "./chart.ts";
import { rules } from "./rules.ts";

class Shop extends ComponentChart {
  readonly endpoints = {};
  constructor(groups: readonly RuleGroup[], props: Partial<ComponentProps> = {}) {
    super(new App(), "shop", "shop", { namespace: "team", ...props });
    rules(this, "shop", groups);
  }
}

const alert = (change: Partial<Alert> = {}): Alert => ({
  alert: "ShopDown",
  expr: "up == 0",
  severity: "critical",
  summary: "The shop is down.",
  description: "{{ $labels.pod }} is down.",
  ...change,
});

const groups: readonly RuleGroup[] = [
  { name: "shop", rules: [alert({ for: "5m" })] },
  { name: "shop.local", local: true, interval: "10s", rules: [{ record: "shop:up:sum", expr: "sum(up)" }] },
];

/** Names of the groups that each of the two evaluators finds. */
const found = (evaluator: Evaluator) =>
  (
    new Shop(groups, { evaluator }).toJson() as {
      metadata: { name: string; labels: object };
      spec: { groups: RuleGroup[] };
    }[]
  ).map(({ metadata, spec }) => [
    metadata.name,
    "release" in metadata.labels ? "prometheus" : "mimir",
    spec.groups.map(({ name }) => name),
  ]);

describe("each group has one evaluator", () => {
  test("all belong to Prometheus if it is the only evaluator", () => {
    expect(found("prometheus")).toEqual([["shop", "prometheus", ["shop", "shop.local"]]]);
  });

  test("Mimir's ruler has all but the local ones, under a label that Prometheus does not select", () => {
    expect(found("mimir")).toEqual([
      ["shop", "prometheus", ["shop.local"]],
      ["shop-ruler", "mimir", ["shop"]],
    ]);
  });
});

const first = (chart: ComponentChart) => chart.toJson()[0].spec.groups[0].rules[0];

describe("an alert", () => {
  test("has all that its reader needs", () => {
    expect(first(new Shop(groups))).toEqual({
      alert: "ShopDown",
      expr: "up == 0",
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "The shop is down.",
        description: "{{ $labels.pod }} is down.",
        runbook_url: "docs/runbooks/ShopDown.md",
        dashboard_uid: "skopos-shop",
      },
    });
  });

  test("links to the runbooks and the dashboard it was given", () => {
    const chart = new Shop([{ name: "shop", rules: [alert({ dashboard: "other" })] }], {
      runbooks: "https://r.example",
    });
    expect(first(chart).annotations).toMatchObject({
      runbook_url: "https://r.example/ShopDown.md",
      dashboard_uid: "other",
    });
    expect(first(chart).annotations).not.toHaveProperty("dashboard_url");
    const linked = new Shop([{ name: "shop", rules: [alert({ dashboard: "other" })] }], {
      grafanaUrl: "https://grafana.example/",
    });
    expect(first(linked).annotations.dashboard_url).toMatch(
      /^https:\/\/grafana\.example\/d\/other\?\{\{ with \$labels\.cluster/,
    );
  });
});

test.each(["up ==", "sum(up", "rate(up[5x])", "up{job=shop}"])("a query that is not PromQL is refused: %s", (expr) => {
  const build = () => new Shop([{ name: "shop", rules: [alert({ expr })] }]);
  expect(build).toThrow(SyntaxError);
  expect(build).toThrow(expr);
});

test("no object is made of no rules", () => {
  expect(new Shop([]).toJson()).toEqual([]);
});

describe("an alert at two severities", () => {
  const two: readonly RuleGroup[] = [
    {
      name: "shop",
      rules: [alert({ expr: "errors > 9", severity: "critical" }), alert({ expr: "errors > 3", severity: "warning" })],
    },
  ];
  const changed = (alertOverrides: AlertOverrides) =>
    (
      new Shop(two, { alertOverrides }).toJson() as {
        spec: { groups: { rules: { expr: string; for?: string }[] }[] };
      }[]
    )
      .flatMap(({ spec }) => spec.groups.flatMap(({ rules }) => rules))
      .map(({ expr, for: held }) => [expr, held]);

  test("is changed as a whole by its name, and alone by its name and severity", () => {
    expect(changed({ ShopDown: { for: "5m" }, "ShopDown/warning": { for: "9m", threshold: 4 } })).toEqual([
      ["errors > 9", "5m"],
      ["errors > 4", "9m"],
    ]);
    expect(changed({ "ShopDown/critical": { enabled: false } })).toEqual([["errors > 3", undefined]]);
    expect(new Shop(two, { alertOverrides: { ShopDown: { enabled: false } } }).toJson()).toEqual([]);
  });

  test("is another one after each change of it", () => {
    const useless = (alerts: readonly RuleGroup[], overrides: AlertOverrides) => {
      try {
        assertKnownAlerts([new Shop(alerts)], overrides);
      } catch (error) {
        return (error as InvalidPropsError).findings.map(({ code, at, message }) => `${code} ${at}: ${message}`);
      }
      return [];
    };
    expect(useless(groups, { ShopDown: {} })).toEqual(["SKP1319 alertOverrides.ShopDown: it changes nothing"]);
    expect(useless(groups, { ShopDown: { enabled: true, labels: {} } })).toHaveLength(1);
    expect(useless(two, { "ShopDown/warning": { enabled: true } })).toEqual([
      'SKP1319 alertOverrides["ShopDown/warning"]: it changes nothing',
    ]);
    const replaced = { ShopDown: { enabled: false }, "ShopDown/critical": { enabled: true, for: "9m" } } as const;
    expect(useless(groups, replaced)).toEqual([
      "SKP1319 alertOverrides.ShopDown: ShopDown/critical replaces all that it changes",
    ]);
    expect(useless(two, replaced)).toEqual([]);
    expect(useless(two, { ShopDown: { enabled: false }, "ShopDown/critical": { enabled: true } })).toEqual([]);
    expect(useless(two, { ShopDown: { labels: { team: "a" } }, "ShopDown/critical": { for: "9m" } })).toEqual([]);
  });

  test("cannot have one threshold or severity for both", () => {
    const shared: AlertOverrides = { ShopDown: { threshold: 4, severity: "info", for: "1m" } };
    const codes = () => {
      try {
        assertKnownAlerts([new Shop(two)], shared);
      } catch (error) {
        return (error as InvalidPropsError).findings.map(({ code, at }) => `${code} ${at}`);
      }
      return [];
    };
    expect(codes()).toEqual(["SKP1315 alertOverrides.ShopDown.threshold", "SKP1315 alertOverrides.ShopDown.severity"]);
    expect(() => assertKnownAlerts([new Shop(groups)], { ShopDown: { severity: "info" } })).not.toThrow();
    expect(() => assertKnownAlerts([new Shop(groups)], { ShopDown: { threshold: 1 } })).toThrow(InvalidPropsError);
  });
});
