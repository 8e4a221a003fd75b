import type { AssessedChange, Diff } from "../diff.ts";
import type { PlannedTotals } from "../input/render.ts";
import type { FieldChange } from "../model/compare.ts";
import { changedWords, wordsText } from "../model/words.ts";
import type { Engine } from "../risk/risk.ts";

/** Policy findings of both sides, by what the change did to them. */
export interface PolicyChanges {
  readonly introduced: readonly PolicyFinding[];
  readonly fixed: readonly PolicyFinding[];
  /** Number of findings that both sides have. */
  readonly existing: number;
}

export interface PolicyFinding {
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly object: string;
  readonly message: string;
}

/** The diff of one stack, or of one pair of folders. */
export interface StackDiff {
  /** Name of the stack; undefined for folders and saved previews. */
  readonly stack?: string;
  readonly diff: Diff;
  /** Capacity plans of both sides, where the stack was rendered. */
  readonly plans?: { readonly before: PlannedTotals; readonly after: PlannedTotals };
  readonly policies?: PolicyChanges;
}

/** A stack that could not be compared. */
export interface FailedDiff {
  readonly stack?: string;
  /** Which side failed. */
  readonly side: "base" | "head";
  readonly error: string;
}

/** Everything that `skopos diff` found. */
export interface Report {
  /** What is compared: a revision, a folder, a file. */
  readonly base: string;
  readonly head: string;
  readonly stacks: readonly StackDiff[];
  readonly failed: readonly FailedDiff[];
}

/** Whether anything changed: an object, or what the policies say, such as by a waiver that is removed. */
export const hasChanges = ({ stacks }: Report): boolean => stacks.some(isChanged);

/** Whether a stack changed. */
export const isChanged = ({ diff, policies }: StackDiff): boolean =>
  diff.changes.length + (policies?.introduced.length ?? 0) + (policies?.fixed.length ?? 0) > 0;

/** What `--fail-on` can name. */
export const failures = ["data-loss", "replace", "policy"] as const;
export type Failure = (typeof failures)[number];

/** Which of the named failures the report has. */
export function failuresIn(report: Report, named: readonly Failure[]): readonly Failure[] {
  const has: Readonly<Record<Failure, (diff: StackDiff) => boolean>> = {
    "data-loss": ({ diff }) =>
      diff.changes.some(({ risk }) => risk.dataLoss.length > 0) ||
      diff.meaning.some(({ area, severity }) => area === "retention" && severity === "danger"),
    replace: ({ diff }) =>
      diff.changes.some(({ risk }) =>
        Object.values(risk.action).some((action) => action === "replace" || action === "rejected"),
      ),
    policy: ({ policies }) => (policies?.introduced ?? []).some(({ severity }) => severity !== "info"),
  };
  return named.filter((failure) => report.stacks.some(has[failure]));
}

const titles: Readonly<Record<string, string>> = {
  rejected: "REJECTED",
  replace: "REPLACE",
  restart: "RESTART",
  delete: "DELETE",
  create: "CREATE",
  "in-place": "in place",
};

/** The consequence of a change in a few words: `DATA-LOSS, REJECTED by kubectl and Argo CD, REPLACE by Pulumi`. */
export function riskText({ risk }: AssessedChange): string {
  const { action, restart } = risk;
  const groups = new Map<string, Engine[]>();
  for (const [engine, each] of Object.entries(action) as [Engine, string][])
    groups.set(each, [...(groups.get(each) ?? []), engine]);
  const engineNames: Readonly<Record<Engine, string>> = { kubectl: "kubectl", argocd: "Argo CD", pulumi: "Pulumi" };
  const parts = [...groups].map(([each, engines]) => {
    const pods =
      each === "restart" && restart
        ? ` ${restart.pods ?? "every node's pod"}${restart.pods === undefined ? "" : restart.pods === 1 ? " pod" : " pods"}`
        : "";
    const by = groups.size === 1 ? "" : ` by ${engines.map((engine) => engineNames[engine]).join(" and ")}`;
    return `${titles[each] ?? each}${pods}${by}`;
  });
  return [...(risk.dataLoss.length > 0 ? ["DATA-LOSS"] : []), ...parts].join(", ");
}

/** What can be said of a change beside its fields: reasons, order of the restart, data that is lost, causes. */
export function riskDetails({ risk }: AssessedChange): readonly string[] {
  return [
    ...risk.dataLoss,
    ...(risk.reason ? [risk.reason] : []),
    ...(risk.restart ? [`restarts ${risk.restart.order}`] : []),
    ...(risk.causedBy.length > 0 ? [`caused by ${risk.causedBy.join(", ")}`] : []),
  ];
}

/** A value on one line, shortened for people. */
export function valueText(value: unknown, most = 120): string {
  const text = typeof value === "string" && /^\S+$/.test(value) ? value : (JSON.stringify(value) ?? "");
  return printable(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** A changed value on one line: both versions, or the words that differ where both are long. */
export function changeText({ before, after }: Pick<FieldChange, "before" | "after">, most = 120): string {
  const words = typeof before === "string" && typeof after === "string" ? changedWords(before, after) : undefined;
  if (!words) return `${valueText(before, most)} -> ${valueText(after, most)}`;
  const text = printable(wordsText(words));
  const room = 4 * most;
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

/** Control characters, and marks that turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
const steering = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const codeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * A text on one line, with visible codes for characters that steer a terminal or turn the direction of writing: what is shown
 * is what there is.
 */
export function printable(text: string): string {
  return text.replace(/[\t\n\r ]+/g, " ").replace(steering, codeOf);
}
