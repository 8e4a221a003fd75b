import type { Finding, Report, Skipped } from "./finding.ts";
import { pathText, snippet } from "./fix.ts";
import type { KubernetesObject } from "./object.ts";
import { ObjectSet } from "./object-set.ts";
import type { Context, Problem, Rule, Undecided } from "./rule.ts";
import { type Facts, type RuleSetting, severities, type Waiver } from "./settings.ts";
import { UnknownValueError } from "./unknown.ts";
import { waiverFindings, waives } from "./waivers.ts";

/** What to check objects against. */
export interface CheckOptions {
  readonly rules: readonly Rule[];
  /** @default {}: every rule as it is */
  readonly settings?: Readonly<Record<string, RuleSetting>>;
  /** @default [] */
  readonly waivers?: readonly Waiver[];
  /** Waivers that come with components; one that is not needed is no finding. @default [] */
  readonly shippedWaivers?: readonly Waiver[];
  /** @default {} */
  readonly facts?: Facts;
  /** The objects before a change, for the rules that compare. @default those rules are skipped */
  readonly previous?: readonly KubernetesObject[];
  /** Day of the check, `2026-11-30`: waivers expire. @default today */
  readonly today?: string;
}

/** A setting of a rule that cannot be used. */
export class RuleSettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "RuleSettingsError";
    this.problems = problems;
  }
}

/** Checks objects. @throws RuleSettingsError with everything that is wrong with the settings */
export function checkObjects(objects: readonly KubernetesObject[], options: CheckOptions): Report {
  const { rules, settings = {}, waivers = [], shippedWaivers = [], facts = {}, previous } = options;
  const today = options.today ?? new Date().toISOString().slice(0, 10);
  const set = new ObjectSet(objects, facts);
  const parameters = parametersOf(rules, settings);
  const skipped: Skipped[] = [];
  const found: Finding[] = [];
  for (const rule of rules) {
    const setting = settings[rule.id];
    const missing = (rule.needs ?? []).filter((fact) => facts[fact] === undefined);
    if (setting === "off") skipped.push({ rule: rule.id, reason: "switched off" });
    else if (rule.comparesStates && !previous)
      skipped.push({ rule: rule.id, reason: "compares with the objects before a change: skopos diff" });
    else if (missing.length > 0) skipped.push({ rule: rule.id, reason: `needs the facts ${missing.join(", ")}` });
    else {
      const context = { set, parameters: parameters.get(rule.id), today, ...(previous && { previous }) };
      const severity = setting?.severity;
      for (const finding of evaluate(rule, context)) found.push(severity ? { ...finding, severity } : finding);
    }
  }
  const entries = [
    ...waivers.map((waiver) => ({ waiver, shipped: false })),
    ...shippedWaivers.map((waiver) => ({ waiver, shipped: true })),
  ];
  const waived: { finding: Finding; waiver: Waiver }[] = [];
  const left = found.filter((finding) => {
    const waiver = entries.find((entry) => waives(entry.waiver, finding, today))?.waiver;
    if (waiver) waived.push({ finding, waiver });
    return waiver === undefined;
  });
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const findings = [...left, ...waiverFindings(entries, found, known, today)].sort(byImportance);
  waived.sort((a, b) => byImportance(a.finding, b.finding));
  return { findings, waived, skipped, objects: objects.length, rules: rules.length - skipped.length };
}

/** The parameters of every rule, defaults filled in. */
function parametersOf(
  rules: readonly Rule[],
  settings: Readonly<Record<string, RuleSetting>>,
): ReadonlyMap<string, unknown> {
  const problems: string[] = [];
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  for (const id of Object.keys(settings)) if (!known.has(id)) problems.push(`${id}: there is no such rule`);
  const parameters = new Map<string, unknown>();
  for (const rule of rules) {
    const setting = settings[rule.id];
    const { severity: _, ...given } = setting === undefined || setting === "off" ? {} : setting;
    const parsed = rule.parameters?.strict().safeParse(given);
    if (parsed?.success) parameters.set(rule.id, parsed.data);
    else if (parsed)
      problems.push(...parsed.error.issues.map((issue) => `${[rule.id, ...issue.path].join(".")}: ${issue.message}`));
    else if (Object.keys(given).length > 0)
      problems.push(`${rule.id}: it has no parameters (${Object.keys(given).join(", ")})`);
  }
  if (problems.length > 0) throw new RuleSettingsError(problems);
  return parameters;
}

/** Evaluates one rule; a mistake in it is a finding. */
function* evaluate(rule: Rule, context: Context): Generator<Finding> {
  let subject: KubernetesObject | undefined;
  try {
    for (const { object, check } of rule.subjects(context)) {
      subject = object;
      try {
        for (const problem of check()) yield findingOf(rule, object, problem);
      } catch (error) {
        yield mistake(rule, object, error);
      }
    }
  } catch (error) {
    yield mistake(rule, subject, error);
  }
}

function findingOf(rule: Rule, object: KubernetesObject, problem: Problem | Undecided): Finding {
  const base = { rule: rule.id, category: rule.category, object };
  const container = problem.container === undefined ? {} : { container: problem.container };
  if ("undecided" in problem) {
    const path = problem.undecided.path.join(".");
    const message = `cannot be decided: ${problem.undecided.message}`;
    return { ...base, ...container, severity: rule.severity, outcome: "undecided", message, path, fix: "", edits: [] };
  }
  const line = object.source?.lineOf(problem.path);
  return {
    ...base,
    ...container,
    severity: problem.severity ?? rule.severity,
    outcome: "failed",
    message: problem.message,
    path: pathText(problem.path),
    ...(line !== undefined && { line }),
    fix: snippet(problem.fix, object),
    edits: problem.fix,
    ...(problem.detail && { detail: problem.detail }),
  };
}

/** A value that is not known makes a rule undecided wherever it is read; anything else is the rule's own mistake. */
function mistake(rule: Rule, object: KubernetesObject | undefined, error: unknown): Finding {
  const base = { rule: rule.id, category: rule.category, severity: rule.severity, object, fix: "", edits: [] };
  if (error instanceof UnknownValueError) {
    return {
      ...base,
      outcome: "undecided",
      message: `cannot be decided: ${error.message}`,
      path: error.path.join("."),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { ...base, outcome: "crashed", message: `the rule itself failed: ${message}`, path: "" };
}

const key = ({ rule, object, path, message }: Finding) => `${rule}\0${object?.id ?? ""}\0${path}\0${message}`;

/** By severity, what is undecided last; then by rule, object and place. */
function byImportance(a: Finding, b: Finding): number {
  const rank = ({ outcome, severity }: Finding) =>
    outcome === "undecided" ? severities.length : severities.indexOf(severity);
  return rank(a) - rank(b) || (key(a) < key(b) ? -1 : Number(key(a) > key(b)));
}
