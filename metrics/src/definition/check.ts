import type { Problem } from "../errors.ts";
import { escapeName } from "../exposition/names.ts";
import { AGGREGATES, type LabelSpec, METRIC_TYPES, type MetricSpec } from "./definition.ts";
import { checkName, type NamingExceptions, type NamingRules } from "./naming.ts";

/** Labels whose values are as many as users or requests, or secrets: never a metric's business. */
export const FORBIDDEN_LABELS: readonly string[] = [
  "user_id",
  "session_id",
  "request_id",
  "trace_id",
  "resource_id",
  "email",
  "url",
  "key",
  "api_key",
  "token",
];

/** What a specification is held against. */
export interface SpecRules extends NamingExceptions {
  /** @default "strict" */
  readonly naming?: NamingRules;
  /** @default 10 */
  readonly maxLabels?: number;
  /** Allow labels that begin with two underscores, which Prometheus keeps for itself. @default false */
  readonly reservedLabels?: boolean;
  /** @default {@link FORBIDDEN_LABELS} */
  readonly forbiddenLabels?: readonly string[];
}

const LABEL_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Every problem of a metric's specification. */
export function checkSpec(spec: MetricSpec, rules: SpecRules = {}): Problem[] {
  const { naming = "strict", maxLabels = 10 } = rules;
  const problems = checkName(spec, naming, rules);
  const report = (code: string, path: string, why: string, fix: string) => problems.push({ code, path, why, fix });

  if (!METRIC_TYPES.includes(spec.type)) {
    report(
      "METRIC_TYPE_UNKNOWN",
      spec.name,
      `${spec.type} is not a metric type.`,
      `Use one of ${METRIC_TYPES.join(", ")}.`,
    );
  }
  if (typeof spec.help !== "string" || spec.help.trim() === "") {
    report("METRIC_HELP_MISSING", spec.name, "there is no help text.", "Say in one sentence what it measures.");
  }
  const labels = Object.entries(spec.labels ?? {});
  if (labels.length > maxLabels) {
    const why = `it has ${labels.length} labels, and ${maxLabels} are allowed.`;
    report("METRIC_LABELS_TOO_MANY", spec.name, why, "Split the metric, or raise maxLabels.");
  }
  for (const [label, allowed] of labels) problems.push(...checkLabel(spec, label, allowed, rules));
  // Prometheus rejects a whole page when one line has a label twice, as clients that cannot store UTF-8 names would see it.
  const seen = new Map<string, string>();
  for (const [label] of labels) {
    const escaped = escapeName(label, "underscores");
    const other = seen.get(escaped);
    seen.set(escaped, label);
    if (other === undefined) continue;
    const why = `where names are escaped, ${label} and ${other} are both ${escaped}.`;
    report("METRIC_LABEL_CLASH", `${spec.name}.${label}`, why, "Rename one of the two.");
  }
  return [...problems, ...checkShape(spec)];
}

function checkLabel(spec: MetricSpec, label: string, allowed: LabelSpec, rules: SpecRules): Problem[] {
  const { naming = "strict", forbiddenLabels = FORBIDDEN_LABELS, reservedLabels = false } = rules;
  const path = `${spec.name}.${label}`;
  const problems: Problem[] = [];
  const report = (code: string, why: string, fix: string) => problems.push({ code, path, why, fix });
  if (
    naming === "strict"
      ? !LABEL_NAME.test(label)
      : label === "" || !label.isWellFormed() || (label.startsWith("__") && !reservedLabels)
  ) {
    report("METRIC_LABEL_NAME", "the label's name is not snake_case.", "Use lower-case words joined by underscores.");
  }
  const own =
    spec.type === "histogram" ? "le" : spec.type === "summary" ? "quantile" : spec.type === "stateset" ? spec.name : "";
  const threads = spec.type === "gauge" && spec.aggregate === "per-thread" ? "thread" : "";
  if (label === own || label === threads) {
    report("METRIC_LABEL_RESERVED", `a ${spec.type} makes this label itself.`, "Choose another name.");
  }
  if (forbiddenLabels.includes(label)) {
    const fix = "Use what it belongs to instead (a tier, a route), and put the identifier in traces or logs.";
    report("METRIC_LABEL_FORBIDDEN", "its values are as many as users or requests, or secret.", fix);
  }
  if (typeof allowed !== "string" && (!Array.isArray(allowed) || allowed.length === 0)) {
    report("METRIC_LABEL_VALUES", "there is no allowed value.", 'List the values, or write "any".');
  }
  return problems;
}

/** Problems of what belongs to one type only. */
function checkShape(spec: MetricSpec): Problem[] {
  const problems: Problem[] = [];
  const report = (code: string, why: string, fix: string) => problems.push({ code, path: spec.name, why, fix });
  const { buckets, quantiles, bucketFactor = 1.1, maxBuckets = 160, states = [], aggregate = "sum" } = spec;
  if (spec.type === "histogram" && buckets) {
    const ascending = buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!));
    if (!ascending) {
      report("METRIC_BUCKETS", "bucket bounds must be finite and ascend.", "Sort them, and leave +Inf out.");
    }
  }
  if (quantiles?.some((q) => !(q >= 0 && q <= 1))) {
    report("METRIC_QUANTILES", "a quantile is a number from 0 to 1.", "Write 0.95 for the 95th percentile.");
  }
  if (!(bucketFactor > 1)) report("METRIC_BUCKET_FACTOR", "buckets must grow.", "Use a factor above 1, e.g. 1.1.");
  if (!(Number.isInteger(maxBuckets) && maxBuckets >= 4 && maxBuckets <= 1024)) {
    report("METRIC_MAX_BUCKETS", "maxBuckets is a whole number from 4 to 1024.", "160 is what OpenTelemetry uses.");
  }
  if (spec.type === "stateset" && new Set(states).size !== Math.max(1, states.length)) {
    report("METRIC_STATES", "a stateset needs states, each once.", 'List them, e.g. ["starting", "ready"].');
  }
  if (spec.exemplars && !["counter", "histogram", "exponential_histogram"].includes(spec.type)) {
    report("METRIC_EXEMPLARS", `a ${spec.type} cannot have exemplars.`, "Only counters and histograms can.");
  }
  if (!AGGREGATES.includes(aggregate)) {
    report("METRIC_AGGREGATE", `${aggregate} is not a way to aggregate.`, `Use one of ${AGGREGATES.join(", ")}.`);
  }
  return problems;
}
