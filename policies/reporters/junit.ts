import type { Finding, Report } from "../engine/finding.ts";
import type { Rule } from "../engine/rule.ts";

/** A text as XML holds it: marked characters escaped, those that XML cannot hold left out. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 does not allow
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** A report as JUnit XML: one suite per category, one test case per rule and object, one for each rule without findings. */
export function junitReport(report: Report, rules: readonly Rule[]): string {
  const byRule = Map.groupBy(report.findings, ({ rule }) => rule);
  const skipped = new Map(report.skipped.map(({ rule, reason }) => [rule, reason]));
  const own = rules.map(({ id, category, title }) => ({ id, category, title }));
  const waivers = [...byRule.keys()]
    .filter((id) => !own.some((rule) => rule.id === id))
    .map((id) => ({ id, category: "waivers" as const, title: id }));
  const suites = Map.groupBy([...own, ...waivers], ({ category }) => category);
  const text = [...suites].map(([category, members]) => {
    const cases = members.flatMap(({ id, title }) => {
      const reason = skipped.get(id);
      if (reason !== undefined) return [testCase(id, title, `<skipped message="${escaped(reason)}"/>`)];
      const findings = byRule.get(id) ?? [];
      return findings.length > 0
        ? findings.map((finding) => testCase(id, nameOf(finding), body(finding)))
        : [testCase(id, title)];
    });
    const count = (tag: string) => cases.filter((each) => each.includes(tag)).length;
    const totals = `tests="${cases.length}" failures="${count("<failure ")}" errors="${count("<error ")}" skipped="${count("<skipped ")}"`;
    return `  <testsuite name="${category}" ${totals}>\n${cases.join("\n")}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="skopos check">\n${text.join("\n")}\n</testsuites>\n`;
}

const nameOf = ({ object, container, path }: Finding): string =>
  [object?.id ?? "settings", container, path].filter(Boolean).join(" ");

function testCase(id: string, name: string, inner?: string): string {
  const head = `    <testcase classname="${escaped(id)}" name="${escaped(name)}"`;
  return inner === undefined ? `${head}/>` : `${head}>${inner}</testcase>`;
}

function body(finding: Finding): string {
  const message = escaped(finding.message.replaceAll("\n", " "));
  if (finding.outcome === "undecided") return `<skipped message="${message}"/>`;
  if (finding.outcome === "crashed") return `<error message="${message}"/>`;
  if (finding.severity === "info") return `<system-out>${message}</system-out>`;
  return `<failure type="${finding.severity}" message="${message}">${escaped(finding.fix)}</failure>`;
}
