import type { Problem } from "../errors.ts";
import type { MetricSpec } from "./definition.ts";

/** Which names are accepted: the project's rules, or whatever Prometheus 3 can store. */
export type NamingRules = "strict" | "utf8";

/** Rules that a name may be excused from. */
export type NamingRule = "METRIC_NAME_TOTAL" | "METRIC_NAME_UNIT";

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Suffixes of the series that histograms, summaries and created timestamps make by themselves. */
const RESERVED_SUFFIXES = ["_bucket", "_count", "_sum", "_created"];

/**
 * Units that are not base units, and the one to use instead: what `promtool check metrics` reports
 * (https://github.com/prometheus/client_golang/blob/main/prometheus/testutil/promlint/validations/units.go).
 */
const NOT_BASE_UNITS: Readonly<Record<string, string>> = {
  ms: "seconds",
  milliseconds: "seconds",
  us: "seconds",
  microseconds: "seconds",
  ns: "seconds",
  nanoseconds: "seconds",
  s: "seconds",
  sec: "seconds",
  minutes: "seconds",
  hours: "seconds",
  days: "seconds",
  b: "bytes",
  kb: "bytes",
  kilobytes: "bytes",
  mb: "bytes",
  megabytes: "bytes",
  gb: "bytes",
  gigabytes: "bytes",
  bits: "bytes",
  percent: "ratio",
};

/** What names may be, beside the rules. */
export interface NamingExceptions {
  /** Names that a source prescribes, each with the one rule it may break. @default none */
  readonly exceptions?: Readonly<Record<string, NamingRule>>;
  /** Units that names may end in beside the base units, e.g. `ms`. @default none */
  readonly units?: readonly string[];
}

/** Problems of a metric's name. */
export function checkName(spec: MetricSpec, rules: NamingRules, allowed: NamingExceptions = {}): Problem[] {
  const { exceptions = {}, units = [] } = allowed;
  const { name, type, unit } = spec;
  const problems: Problem[] = [];
  const report = (code: string, why: string, fix: string) =>
    problems.push({ code, path: name || "(unnamed)", why, fix });
  if (typeof name !== "string" || name === "" || !name.isWellFormed()) {
    report("METRIC_NAME_INVALID", "a metric needs a name of valid Unicode.", "Give it a snake_case name.");
    return problems;
  }
  if (rules === "utf8") return problems;
  if (!SNAKE_CASE.test(name)) {
    report("METRIC_NAME_CASE", "the name is not snake_case.", "Use lower-case words joined by single underscores.");
    return problems;
  }
  const excused = (rule: NamingRule) => Object.hasOwn(exceptions, name) && exceptions[name] === rule;
  const isTotal = name.endsWith("_total");
  if (isTotal !== (type === "counter") && !excused("METRIC_NAME_TOTAL")) {
    if (isTotal)
      report("METRIC_NAME_TOTAL", `a ${type} must not end in _total.`, "Drop the suffix, or make it a counter.");
    else report("METRIC_NAME_TOTAL", "a counter must end in _total.", `Call it ${name}_total.`);
  }
  const reserved = RESERVED_SUFFIXES.find((suffix) => name.endsWith(suffix));
  if (reserved)
    report("METRIC_NAME_RESERVED", `${reserved} belongs to histograms and summaries.`, "Choose another last word.");
  if (name.endsWith("_info") !== (type === "info")) {
    report("METRIC_NAME_INFO", "info metrics, and only they, end in _info.", "Rename it, or change its type.");
  }
  const stem = isTotal ? name.slice(0, -"_total".length) : name;
  const lastWord = stem.slice(stem.lastIndexOf("_") + 1);
  const baseOf = (word: string) =>
    units.includes(word) || !Object.hasOwn(NOT_BASE_UNITS, word) ? undefined : NOT_BASE_UNITS[word];
  const base = (lastWord === stem ? undefined : baseOf(lastWord)) ?? baseOf(unit ?? "");
  if (base !== undefined && !excused("METRIC_NAME_UNIT")) {
    report(
      "METRIC_NAME_UNIT",
      `${baseOf(lastWord) ? lastWord : unit} is not a base unit.`,
      `Measure in ${base}, or allow it by \`exceptions\` or \`units\`.`,
    );
  } else if (unit && !stem.endsWith(`_${unit}`)) {
    report(
      "METRIC_UNIT_SUFFIX",
      `the unit is ${unit} but the name does not end in it.`,
      `Call it ${stem}_${unit}${isTotal ? "_total" : ""}.`,
    );
  }
  return problems;
}
