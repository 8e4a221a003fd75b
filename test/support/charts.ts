// What is wrong with one component's objects: their schemas, and the joins between monitors, Services and pods.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ComponentChart } from "../../lib/kubernetes/index.ts";
import type { KubernetesObject } from "../../lib/kubernetes/object.ts";
import { dashboardErrors, panelsOf } from "../../lib/monitoring/dashboard.ts";
import { modelOf } from "./models.ts";
import { monitorProblems } from "./wiring.ts";

/** Objects that no published schema allows, and monitors that find no port: one sentence each. */
export function chartProblems(chart: ComponentChart): string[] {
  const objects = chart.toJson() as KubernetesObject[];
  const complaints = objects.flatMap((object) => {
    const Model = modelOf(object.apiVersion, object.kind);
    if (!Model) return [`no model for ${object.apiVersion} ${object.kind}`];
    try {
      new Model(object).validate();
      return [];
    } catch (error) {
      return [`${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
    }
  });
  return [...complaints, ...monitorProblems(objects)];
}

/** One object of a chart. @throws Error when it is not there */
export function objectOf(chart: ComponentChart, kind: string, name: string): KubernetesObject {
  const objects = chart.toJson() as KubernetesObject[];
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name} among ${objects.map(({ metadata }) => metadata.name).join(", ")}`);
  return found;
}

const runbookSections = ["Meaning", "Impact", "Diagnosis", "Mitigation"];

/** Alerts and panels that lead nowhere: runbooks that are missing or unfinished, dashboards that no grammar reads. */
export function monitoringProblems(chart: ComponentChart): string[] {
  const alerts = chart.ruleGroups.flatMap(({ rules }) =>
    rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : [])),
  );
  const linked = chart.dashboards
    .flatMap(panelsOf)
    .flatMap(({ links = [] }) => links.flatMap((link) => ("runbook" in link ? [link.runbook] : [])));
  const pages = [...new Set([...alerts, ...linked])].flatMap((name) => {
    const page = join(import.meta.dirname, `../../docs/runbooks/${name}.md`);
    if (!existsSync(page)) return [`no runbook ${name}`];
    const text = readFileSync(page, "utf8");
    return runbookSections
      .filter((title) => !text.includes(`## ${title}\n`))
      .map((title) => `runbook ${name}: no ${title}`);
  });
  return [
    ...pages,
    ...linked
      .filter((name) => !alerts.includes(name))
      .map((name) => `a panel leads to ${name}, which is no alert here`),
    ...chart.dashboards.flatMap(dashboardErrors),
  ];
}

/** Names of the series that a chart's rules and dashboards ask for, without what Prometheus itself or the kubelet gives. */
export function askedSeries(chart: ComponentChart): string[] {
  const expressions = [
    ...chart.ruleGroups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...chart.dashboards
      .flatMap(panelsOf)
      .flatMap(({ queries }) => queries.flatMap((query) => ("promql" in query ? [query.promql] : []))),
  ];
  const names = expressions.flatMap((expr) => [...expr.matchAll(/\b([a-z_]+)\{/g)].map(([, name]) => name as string));
  return [...new Set(names)].filter((name) => name !== "up").sort();
}
