import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dashboardErrors, type Link, panelsOf } from "../../lib/monitoring/dashboard.ts";
import type { Alert } from "../../lib/monitoring/rules.ts";
import { environments } from "./variants.ts";

describe.each(environments)("$name", ({ render }) => {
  const { charts } = render();
  const dashboards = charts.flatMap((chart) => chart.dashboards);
  const uids = dashboards.map(({ uid }) => uid);
  const alerts = charts.flatMap((chart) =>
    chart.ruleGroups.flatMap(({ rules }) =>
      rules.filter((rule): rule is Alert => "alert" in rule).map((rule) => ({ ...rule, component: chart.component })),
    ),
  );

  test("every query of every dashboard is read by its language's grammar", () => {
    expect(dashboards.flatMap(dashboardErrors)).toEqual([]);
  });

  test("no two dashboards share a UID", () => {
    expect(uids.filter((uid, index) => uids.indexOf(uid) !== index)).toEqual([]);
  });

  test("links lead to dashboards that are there, and to runbooks that exist", () => {
    const links = dashboards.flatMap((dashboard): readonly Link[] => [
      ...(dashboard.links ?? []),
      ...panelsOf(dashboard).flatMap((panel) => panel.links ?? []),
    ]);
    const dead = links.flatMap((link) => {
      if ("dashboard" in link) return uids.includes(link.dashboard) ? [] : [link.dashboard];
      if ("runbook" in link) return existsSync(`docs/runbooks/${link.runbook}.md`) ? [] : [link.runbook];
      return [];
    });
    expect([...new Set(dead)]).toEqual([]);
  });

  test("every alert leads to a dashboard that is there", () => {
    const dead = alerts.map(({ component, dashboard }) => dashboard ?? `skopos-${component}`);
    expect([...new Set(dead.filter((uid) => !uids.includes(uid)))]).toEqual([]);
  });

  test("every alert has a runbook with its four parts, and no two alerts share a name and a severity", () => {
    expect(alerts.filter(({ alert }) => !existsSync(`docs/runbooks/${alert}.md`))).toEqual([]);
    const names = alerts.map(({ alert, severity }) => `${alert}/${severity}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
