import type { Finding } from "./finding.ts";
import type { Rule } from "./rule.ts";
import type { Waiver } from "./settings.ts";

const sameSet = (a: readonly string[] = [], b: readonly string[] = []) =>
  a.length === b.length && [...a].sort().every((each, index) => each === [...b].sort()[index]);

const namesAll = (wide: readonly string[] = [], narrow: readonly string[] = []) =>
  narrow.every((each) => wide.includes(each));

/** Whether a waiver is for this rule, object and container. */
const concerns = (waiver: Waiver, finding: Finding): boolean =>
  waiver.rule === finding.rule &&
  waiver.object === finding.object?.id &&
  (waiver.container ?? "") === (finding.container ?? "");

/** Whether a waiver accepts a finding: it names exactly what the finding names. */
export function waives(waiver: Waiver, finding: Finding, today: string): boolean {
  return (
    finding.outcome === "failed" &&
    waiver.expires > today &&
    concerns(waiver, finding) &&
    sameSet(waiver.capabilities, finding.detail?.capabilities) &&
    sameSet(waiver.hostPaths, finding.detail?.hostPaths)
  );
}

/** A waiver, and where it came from. */
export interface WaiverEntry {
  readonly waiver: Waiver;
  /** Shipped with a component, which need not be part of the set. */
  readonly shipped: boolean;
}

/** What is wrong with the waivers themselves. */
export function waiverFindings(
  entries: readonly WaiverEntry[],
  findings: readonly Finding[],
  rules: ReadonlyMap<string, Rule>,
  today: string,
): readonly Finding[] {
  return entries.flatMap(({ waiver, shipped }) => {
    const about = (rule: string, message: string, fix: string): Finding => ({
      rule,
      category: "waivers",
      severity: "error",
      outcome: "failed",
      object: undefined,
      message: `the waiver of ${waiver.rule} for ${waiver.object} ${message}`,
      path: "",
      fix,
      edits: [],
    });
    const rule = rules.get(waiver.rule);
    if (!rule) return [about("waivers/unused", "names a rule that does not exist", "# remove it")];
    if (waiver.expires <= today) {
      return [
        about(
          "waivers/expired",
          `expired on ${waiver.expires}; its owner is ${waiver.owner}`,
          "# remove it, or renew it with a reason",
        ),
      ];
    }
    if (findings.some((finding) => waives(waiver, finding, today))) return [];
    const near = findings.find(
      (finding) =>
        concerns(waiver, finding) &&
        namesAll(waiver.capabilities, finding.detail?.capabilities) &&
        namesAll(waiver.hostPaths, finding.detail?.hostPaths),
    );
    if (near) {
      const needed = [
        ...(near.detail?.capabilities ? [`capabilities: [${near.detail.capabilities.join(", ")}]`] : []),
        ...(near.detail?.hostPaths ? [`hostPaths: [${near.detail.hostPaths.join(", ")}]`] : []),
      ];
      return [about("waivers/too-broad", "names more than the object needs", needed.join("\n"))];
    }
    // Once the change is made nothing compares any more: the waiver has done its work and expires.
    return shipped || rule.comparesStates
      ? []
      : [about("waivers/unused", "accepts nothing that was found", "# remove it")];
  });
}
