import type { Report } from "../engine/finding.ts";
import type { Rule } from "../engine/rule.ts";
import { githubReport } from "./github.ts";
import { jsonReport } from "./json.ts";
import { junitReport } from "./junit.ts";
import { sarifReport } from "./sarif.ts";
import { type Paint, textReport } from "./text.ts";

export { githubReport } from "./github.ts";
export { type JsonReport, jsonReport, reportSchema, summaryOf } from "./json.ts";
export { junitReport } from "./junit.ts";
export { sarifReport } from "./sarif.ts";
export { type Paint, summaryText, textReport } from "./text.ts";

/** What a report can be written as. */
export const formats = ["text", "json", "sarif", "junit", "github"] as const;
export type ReportFormat = (typeof formats)[number];

/** A report in a format. */
export function formatReport(report: Report, format: ReportFormat, rules: readonly Rule[], paint?: Paint): string {
  switch (format) {
    case "text":
      return textReport(report, paint, new Map(rules.map(({ id, title }) => [id, title])));
    case "json":
      return JSON.stringify(jsonReport(report), null, 2);
    case "sarif":
      return JSON.stringify(sarifReport(report, rules), null, 2);
    case "junit":
      return junitReport(report, rules);
    case "github":
      return githubReport(report);
  }
}
