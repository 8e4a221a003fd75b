import { z } from "zod";
import { type Finding, fails, type Report } from "../engine/finding.ts";
import { categories } from "../engine/rule.ts";
import { severities, waiverSchema } from "../engine/settings.ts";

/** A finding as JSON. */
const findingSchema = z.strictObject({
  rule: z.string().describe("Id of the rule: pods/memory-limit."),
  category: z.enum(categories),
  severity: z.enum(severities),
  outcome: z
    .enum(["failed", "undecided", "crashed"])
    .describe("The rule is broken, a value is not known yet, or the rule itself failed."),
  object: z
    .strictObject({ apiVersion: z.string(), kind: z.string(), namespace: z.string(), name: z.string() })
    .optional()
    .describe("Absent where the finding is about the check's own settings."),
  container: z.string().optional(),
  message: z.string(),
  path: z.string().describe("Place in the object; it may continue into an embedded document."),
  file: z.string().optional(),
  line: z.number().int().optional(),
  fix: z.string().describe("YAML to paste."),
  help: z.string().describe("Page of the rule in the documentation."),
});

/** The report as JSON. A field is never renamed or removed within a schema version. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  ok: z.boolean().describe("Whether the run passes: no error, no warning, no crash."),
  summary: z.strictObject({
    objects: z.number().int(),
    rules: z.number().int(),
    errors: z.number().int(),
    warnings: z.number().int(),
    infos: z.number().int(),
    undecided: z.number().int(),
    crashed: z.number().int(),
    waived: z.number().int(),
  }),
  findings: z.array(findingSchema),
  waived: z.array(z.strictObject({ finding: findingSchema, waiver: waiverSchema })),
  skipped: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
});
export type JsonReport = z.output<typeof reportSchema>;

/** Page of a rule. */
export const helpPage = (rule: string): string => `docs/policies/${rule}.md`;

/** A report as plain data. */
export function jsonReport(report: Report): JsonReport {
  return {
    schemaVersion: 1,
    ok: !fails(report),
    summary: summaryOf(report),
    findings: report.findings.map(jsonFinding),
    waived: report.waived.map(({ finding, waiver }) => ({ finding: jsonFinding(finding), waiver })),
    skipped: [...report.skipped],
  };
}

/** How many findings of each kind there are. */
export function summaryOf({ findings, waived, objects, rules }: Report): JsonReport["summary"] {
  const failed = (severity: Finding["severity"]) =>
    findings.filter((finding) => finding.outcome === "failed" && finding.severity === severity).length;
  return {
    objects,
    rules,
    errors: failed("error"),
    warnings: failed("warning"),
    infos: failed("info"),
    undecided: findings.filter(({ outcome }) => outcome === "undecided").length,
    crashed: findings.filter(({ outcome }) => outcome === "crashed").length,
    waived: waived.length,
  };
}

function jsonFinding(finding: Finding): JsonReport["findings"][number] {
  const { object } = finding;
  return {
    rule: finding.rule,
    category: finding.category,
    severity: finding.severity,
    outcome: finding.outcome,
    ...(object && {
      object: { apiVersion: object.apiVersion, kind: object.kind, namespace: object.namespace, name: object.name },
    }),
    ...(finding.container !== undefined && { container: finding.container }),
    message: finding.message,
    path: finding.path,
    ...(object?.source && { file: object.source.file, line: finding.line ?? object.source.line }),
    fix: finding.fix,
    help: helpPage(finding.rule),
  };
}
