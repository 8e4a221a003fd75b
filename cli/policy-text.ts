import type { Report } from "../policies/engine/finding.ts";
import { summaryText } from "../policies/reporters/index.ts";
import { paint } from "./terminal.ts";

/** Most findings that a preview names. */
const shown = 5;

/** What the policies found, for the preview: the worst findings, the totals, and the command that says more. */
export function policyText(stack: string, report: Report): string {
  const worst = report.findings.filter(({ severity, outcome }) => severity !== "info" || outcome === "crashed");
  const lines = worst
    .slice(0, shown)
    .map(({ severity, rule, object, message }) => `  ${severity} ${rule} ${object?.id ?? "settings"}: ${message}`);
  const more = worst.length > shown ? [`  ... and ${worst.length - shown} more`] : [];
  return [
    paint("bold", "policies"),
    ...lines,
    ...more,
    `  ${summaryText(report, paint)}`,
    `  npx skopos check --stack ${stack}     every finding with its fix`,
  ].join("\n");
}
