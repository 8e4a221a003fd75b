import type { Finding, Report } from "../engine/finding.ts";
import type { Rule } from "../engine/rule.ts";

const levels = { error: "error", warning: "warning", info: "note" } as const;

/**
 * A report as SARIF 2.1.0, for code scanning. Waived findings are results with a suppression.
 * Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
 */
export function sarifReport(report: Report, rules: readonly Rule[]): object {
  const results = [
    ...report.findings.map((finding) => ({ finding, suppressions: [] as object[] })),
    ...report.waived.map(({ finding, waiver }) => ({
      finding,
      suppressions: [
        { kind: "external", justification: `${waiver.reason} (${waiver.owner}, until ${waiver.expires})` },
      ],
    })),
  ];
  const used = new Set(results.map(({ finding }) => finding.rule));
  const described = rules.filter(({ id }) => used.has(id));
  const indexOf = new Map(described.map(({ id }, index) => [id, index]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "skopos",
            rules: described.map(({ id, title, why, remedy, severity, category }) => ({
              id,
              name: id.replaceAll(/[^A-Za-z]+(\w)/g, (_, letter: string) => letter.toUpperCase()),
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: remedy },
              defaultConfiguration: { level: levels[severity] },
              properties: { tags: [category] },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: results.map(({ finding, suppressions }) => result(finding, suppressions, indexOf.get(finding.rule))),
      },
    ],
  };
}

function result(finding: Finding, suppressions: readonly object[], ruleIndex: number | undefined): object {
  const { object } = finding;
  return {
    ruleId: finding.rule,
    ...(ruleIndex !== undefined && { ruleIndex }),
    // Section 3.27.10: what is no failure has no level.
    level: finding.outcome === "undecided" ? "none" : levels[finding.severity],
    kind: finding.outcome === "undecided" ? "open" : "fail",
    message: { text: [finding.message, ...(finding.fix ? [`Fix:\n${finding.fix}`] : [])].join("\n\n") },
    locations: [
      {
        ...(object?.source && {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(object.source.file.replaceAll("\\", "/")) },
            region: { startLine: finding.line ?? object.source.line },
          },
        }),
        logicalLocations: [
          { fullyQualifiedName: [object?.id ?? "settings", finding.container, finding.path].filter(Boolean).join("/") },
        ],
      },
    ],
    ...(suppressions.length > 0 && { suppressions }),
  };
}
