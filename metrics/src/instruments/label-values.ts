import type { Definition, LabelSpec } from "../definition/definition.ts";
import { type Problem, throwIfAny } from "../errors.ts";
import type { Recorder } from "../registry/recorder.ts";

/** A label's value as given: numbers and booleans are exported as their text. */
export type LabelValue = string | number | boolean;
export type LabelInput = Readonly<Record<string, LabelValue>>;

/** A label set, checked. */
export interface CanonicalLabels {
  /** As exported, in label order: text, hashed where it must be. */
  readonly values: string[];
  /** As given, in label order, to find the label set by again; empty when it must not be remembered. */
  readonly raw: LabelValue[];
}

/** Checks what was given for a metric's labels and turns it into text. @throws MetricsError with every problem */
export function canonicalLabels(recorder: Recorder, definition: Definition, labels: LabelInput): CanonicalLabels {
  const { name, labels: names, labelSpecs } = definition;
  const problems: Problem[] = [];
  for (const label of Object.keys(labels)) {
    if (names.includes(label)) continue;
    const known = names.join(", ") || "none";
    problems.push(
      problem("METRIC_LABEL_UNKNOWN", `${name}.${label}`, "the metric has no such label.", `Its labels: ${known}.`),
    );
  }
  const raw = names.map((label) => labels[label]!);
  for (const [i, value] of raw.entries()) problems.push(...checkValue(`${name}.${names[i]}`, value, labelSpecs[i]!));
  throwIfAny(problems);
  const values = raw.map((value, i) => {
    const text = String(value).toWellFormed();
    return recorder.shared(labelSpecs[i] === "hashed" ? recorder.hash(text) : text);
  });
  // Text with lone surrogates has no bound: it is exported as U+FFFD and looked up the long way each time.
  return { values, raw: raw.every((value) => typeof value !== "string" || value.isWellFormed()) ? raw : [] };
}

function checkValue(path: string, value: unknown, spec: LabelSpec): Problem[] {
  if (value === undefined) {
    return [
      problem("METRIC_LABEL_MISSING", path, "the label has no value.", "Give every label of the metric a value."),
    ];
  }
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    const fix = "Give a string, number or boolean.";
    return [problem("METRIC_LABEL_TYPE", path, `a label cannot hold ${typeof value}.`, fix)];
  }
  if (typeof spec !== "string" && !spec.includes(String(value))) {
    const why = `${JSON.stringify(value)} is not allowed.`;
    return [problem("METRIC_LABEL_VALUE", path, why, `Use one of ${spec.join(", ")}.`)];
  }
  return [];
}

const problem = (code: string, path: string, why: string, fix: string): Problem => ({ code, path, why, fix });
