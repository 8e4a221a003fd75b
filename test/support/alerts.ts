// Alerts played through by the real promtool: each fires, does not just below its threshold, and resolves.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ComponentChart, ruleGroup } from "../../lib/kubernetes/index.ts";
import { recordedLabels } from "../../lib/monitoring/catalogues/index.ts";
import type { Alert, Recording, RuleGroup } from "../../lib/monitoring/rules.ts";
import { targetLabels } from "../../lib/monitoring/series.ts";
import { parseDuration } from "../../lib/sizing/index.ts";
import { programPath } from "../binaries/find.ts";
import { unrecordedSeries } from "../catalogues/unrecorded.ts";

/** How a series behaves: while the alert must fire, and just below its threshold. Absent: `undefined`. */
export type Shape =
  | { readonly kind: "gauge"; readonly firing: number | undefined; readonly quiet: number | undefined }
  /** Increase a minute. */
  | { readonly kind: "counter"; readonly firing: number; readonly quiet: number }
  /** A gauge that changes by so much a minute from a start. */
  | { readonly kind: "slope"; readonly firing: readonly [number, number]; readonly quiet: readonly [number, number] };

export const gauge = (firing: number | undefined, quiet: number | undefined): Shape => ({
  kind: "gauge",
  firing,
  quiet,
});
/** The same in both. */
export const constant = (value: number): Shape => gauge(value, value);
export const counter = (firing: number, quiet: number): Shape => ({ kind: "counter", firing, quiet });
export const slope = (firing: readonly [number, number], quiet: readonly [number, number]): Shape => ({
  kind: "slope",
  firing,
  quiet,
});

/** What makes one alert fire. */
export interface AlertCase {
  readonly alert: string;
  /** Which of two alerts of that name. @default the only one */
  readonly severity?: Alert["severity"];
  /** Behaviour by series. */
  readonly series: Readonly<Record<string, Shape>>;
  /** Minutes that the bad state lasts before it is looked at. @default the alert's `for`, and 20 more for ranges to fill */
  readonly minutes?: number;
  /** It always fires: there is no state in which it should not. @default false */
  readonly always?: boolean;
}

const slack = 20;

/** Values of a series over a bad phase and a quiet one, in promtool's notation, one value a minute. */
function values(shape: Shape, bad: number, quiet: number): string {
  const phases: string[] = [];
  if (shape.kind === "counter") {
    if (bad > 0) phases.push(expand(0, shape.firing, bad));
    phases.push(expand(bad > 0 ? (bad + 1) * shape.firing : 0, shape.quiet, quiet));
  } else if (shape.kind === "slope") {
    if (bad > 0) phases.push(expand(...shape.firing, bad));
    phases.push(expand(...shape.quiet, quiet));
  } else {
    const flat = (value: number | undefined, minutes: number) =>
      value === undefined ? `_x${minutes + 1}` : expand(value, 0, minutes);
    if (bad > 0) phases.push(flat(shape.firing, bad));
    phases.push(flat(shape.quiet, quiet));
  }
  return phases.join(" ");
}

const expand = (start: number, step: number, times: number): string =>
  `${start}${step < 0 ? "-" : "+"}${Math.abs(step)}x${times}`;

/** The promtool tests of one case. */
function unitTests(rule: Alert, each: AlertCase): object[] {
  const held = Math.ceil((parseDuration(rule.for ?? "0s") ?? 0) / 60);
  const bad = each.minutes ?? held + slack;
  // Ranges must empty before a quiet phase shows as one.
  const ranges = [...rule.expr.matchAll(/\[(\d+[smhd])/g)].map(
    ([, range]) => (parseDuration(range as string) ?? 0) / 60,
  );
  const quiet = Math.ceil(Math.max(bad, ...ranges.map((minutes) => minutes + slack)));
  const firing = `count(ALERTS{alertname="${rule.alert}",severity="${rule.severity}",alertstate="firing"})`;
  const expect = (minute: number, fires: boolean) => ({
    expr: `(${firing} > bool 0) or vector(0)`,
    eval_time: `${minute}m`,
    exp_samples: [{ labels: "{}", value: fires ? 1 : 0 }],
  });
  const play = (badMinutes: number, checks: object[]) => ({
    interval: "1m",
    input_series: Object.entries(each.series).map(([series, shape]) => ({
      series,
      values: values(shape, badMinutes, quiet),
    })),
    promql_expr_test: checks,
  });
  if (each.always) return [play(bad, [expect(bad, true)])];
  return [
    play(bad, [...(held > 1 ? [expect(held - 1, false)] : []), expect(bad, true), expect(bad + quiet, false)]),
    play(0, [expect(Math.floor(quiet / 2), false), expect(quiet, false)]),
  ];
}

const isOf = ({ alert, severity }: AlertCase, rule: Alert): boolean =>
  rule.alert === alert && rule.severity === (severity ?? rule.severity);

/** The recording rules that an expression rests on, in the order of their groups; the rest would only cost time. */
function recordingsOf(chart: ComponentChart, expr: string): Recording[] {
  const all = chart.ruleGroups.flatMap(({ rules }) => rules).filter((rule): rule is Recording => "record" in rule);
  const needed = new Set<Recording>();
  const visit = (text: string): void => {
    for (const recording of all) {
      if (needed.has(recording) || !text.includes(recording.record)) continue;
      needed.add(recording);
      visit(recording.expr);
    }
  };
  visit(expr);
  return all.filter((recording) => needed.has(recording));
}

/**
 * A series of a test with every label that the real program gives it: those that the test does not care about are filled in.
 *
 * @param problems gets what is wrong when the real program exposes none with these labels
 */
function realSeries(series: string, ownSeries: ReadonlySet<string>, problems: string[]): string {
  const [, name = "", matchers = ""] = /^([\w:]+)(?:\{(.*)\})?$/.exec(series) ?? [];
  const recorded = recordedLabels(name);
  if (!recorded) {
    if (!unrecordedSeries.includes(name) && !ownSeries.has(name)) problems.push(`${name} is not recorded`);
    return series;
  }
  const given = [...matchers.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
  const [real] = recorded
    .filter((labels) => given.every((label) => labels.includes(label) || targetLabels.has(label)))
    .sort((a, b) => a.length - b.length);
  if (!real) {
    const sets = recorded.map((labels) => `(${labels.join(", ")})`).join(" or ");
    problems.push(`${name} has labels (${given.join(", ")}), the real one ${sets}`);
  }
  const missing = (real ?? []).filter((label) => !given.includes(label)).map((label) => `${label}="any"`);
  return `${name}{${[matchers, ...missing].filter((part) => part !== "").join()}}`;
}

/**
 * Runs the cases of a chart's alerts by `promtool test rules`. @param groups those that the cases are of, by default all
 *
 * @throws Error when an alert has no case, a case no alert, a series other labels than the real one, or promtool finds a difference.
 */
export function runAlertCases(
  chart: ComponentChart,
  cases: readonly AlertCase[],
  groups: readonly RuleGroup[] = chart.ruleGroups,
): void {
  const promtool = programPath("promtool");
  if (promtool === undefined) throw new Error("needs: npm run binaries -- prometheus");
  const alerts = groups.flatMap(({ rules }) => rules).filter((rule): rule is Alert => "alert" in rule);
  const untested = alerts.filter((rule) => !cases.some((each) => isOf(each, rule)));
  const unknown = cases.filter((each) => !alerts.some((rule) => isOf(each, rule)));
  if (untested.length > 0) throw new Error(`without a case: ${untested.map(({ alert }) => alert).join(", ")}`);
  if (unknown.length > 0) throw new Error(`no such alert: ${unknown.map(({ alert }) => alert).join(", ")}`);
  const ownSeries = new Set(
    chart.ruleGroups.flatMap(({ rules }) => rules.flatMap((rule) => ("record" in rule ? [rule.record] : []))),
  );
  const invented: string[] = [];
  const real = cases.map((each) => {
    const problems: string[] = [];
    const series = Object.fromEntries(
      Object.entries(each.series).map(([text, shape]) => [realSeries(text, ownSeries, problems), shape]),
    );
    invented.push(...problems.map((problem) => `${each.alert}: ${problem}`));
    return { ...each, series };
  });
  if (invented.length > 0) throw new Error(`series that the real program does not expose:\n${invented.join("\n")}`);

  const folder = mkdtempSync(join(tmpdir(), "skopos-alerts-"));
  try {
    const files = alerts.map((rule) => {
      const name = `${rule.alert}.${rule.severity}`;
      const group = { name: rule.alert, rules: [...recordingsOf(chart, rule.expr), rule] };
      writeFileSync(join(folder, `${name}.rules.json`), JSON.stringify({ groups: [ruleGroup(chart, group)] }));
      const tests = real
        .filter((each) => isOf(each, rule))
        .flatMap((each, number) =>
          unitTests(rule, each).map((test, phase) => ({ name: `${rule.alert} ${number}.${phase}`, ...test })),
        );
      const file = `${name}.tests.json`;
      const suite = { rule_files: [`${name}.rules.json`], evaluation_interval: "1m", tests };
      writeFileSync(join(folder, file), JSON.stringify(suite));
      return file;
    });
    execFileSync(promtool, ["test", "rules", ...files], { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool test rules:\n${stdout}${stderr}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `promtool check rules` over every group of a chart. @throws Error with what it says */
export function checkRules(chart: ComponentChart): void {
  const promtool = programPath("promtool");
  if (promtool === undefined) throw new Error("needs: npm run binaries -- prometheus");
  const groups = chart.ruleGroups.map((group) => ruleGroup(chart, group));
  try {
    execFileSync(promtool, ["check", "rules", "--lint=all", "--lint-fatal"], {
      input: JSON.stringify({ groups }),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool check rules:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Annotations of an alert that fires because a series is zero, as the real template engine writes them. */
export function firingAnnotations(chart: ComponentChart, alert: string, series: string): Record<string, string>[] {
  const promtool = programPath("promtool");
  if (promtool === undefined) throw new Error("needs: npm run binaries -- prometheus");
  const group = chart.ruleGroups.find(({ rules }) => rules.some((rule) => "alert" in rule && rule.alert === alert));
  const rules = group?.rules.filter((rule) => "alert" in rule && rule.alert === alert) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "skopos-alerts-"));
  try {
    const file = { groups: [ruleGroup(chart, { name: alert, rules })] };
    writeFileSync(join(folder, "rules.json"), JSON.stringify(file));
    const check = { alertname: alert, eval_time: "1h", exp_alerts: [] };
    const test = { interval: "1m", input_series: [{ series, values: "0x60" }], alert_rule_test: [check] };
    const suite = { rule_files: ["rules.json"], evaluation_interval: "1m", tests: [test] };
    writeFileSync(join(folder, "tests.json"), JSON.stringify(suite));
    // It expects none, and prints what it got.
    const { stdout, stderr } = spawnSync(promtool, ["test", "rules", "tests.json"], { cwd: folder, encoding: "utf8" });
    const [, got = ""] = `${stdout}${stderr}`.split("got:");
    return [...got.matchAll(/Annotations:\{(.*)\}/g)].map(([, text = ""]) =>
      Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value])),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
