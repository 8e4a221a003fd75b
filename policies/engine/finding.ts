import type { KubernetesObject } from "./object.ts";
import type { Category, Detail, Edit } from "./rule.ts";
import type { Severity, Waiver } from "./settings.ts";

/** How a rule ended about an object: broken, not decidable yet, or by a mistake in the rule itself. */
export type Outcome = "failed" | "undecided" | "crashed";

/** One result of a check. */
export interface Finding {
  readonly rule: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly outcome: Outcome;
  /** Undefined for findings about the check's own settings. */
  readonly object: KubernetesObject | undefined;
  readonly container?: string;
  readonly message: string;
  /** Place in the object. */
  readonly path: string;
  readonly line?: number;
  /** YAML to paste. */
  readonly fix: string;
  readonly edits: readonly Edit[];
  readonly detail?: Detail;
}

/** A rule that was not evaluated. */
export interface Skipped {
  readonly rule: string;
  readonly reason: string;
}

/** All that a check found. */
export interface Report {
  /** Sorted: by severity, rule, object and place. */
  readonly findings: readonly Finding[];
  /** Findings that a waiver accepts. */
  readonly waived: readonly { readonly finding: Finding; readonly waiver: Waiver }[];
  readonly skipped: readonly Skipped[];
  readonly objects: number;
  readonly rules: number;
}

/** Whether a report fails the run: something is wrong, or a rule crashed. What is undecided or only information does not. */
export function fails({ findings }: Report): boolean {
  return findings.some(
    ({ outcome, severity }) => outcome === "crashed" || (outcome === "failed" && severity !== "info"),
  );
}
