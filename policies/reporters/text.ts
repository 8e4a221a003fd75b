import type { Finding, Report } from "../engine/finding.ts";
import { helpPage, summaryOf } from "./json.ts";

/** How a terminal writes a text: colours, or nothing. */
export type Paint = (style: "bold" | "dim" | "red" | "yellow" | "cyan", text: string) => string;

const colours = { error: "red", warning: "yellow", info: "cyan" } as const;

/** What a person reads: findings grouped by rule with a fix for each, what was waived, and a line of totals. */
export function textReport(
  report: Report,
  paint: Paint = (_, text) => text,
  titles?: ReadonlyMap<string, string>,
): string {
  const groups = Map.groupBy(report.findings, ({ rule, severity, outcome }) => `${severity}\0${rule}\0${outcome}`);
  const parts = [...groups.values()].map((group) => groupText(group, paint, titles));
  if (report.waived.length > 0) parts.push(waivedText(report, paint));
  parts.push(summaryText(report, paint));
  return parts.join("\n\n");
}

/** Of the findings with one fix, at most this many are shown with it. */
const shown = 10;

function groupText(group: readonly Finding[], paint: Paint, titles?: ReadonlyMap<string, string>): string {
  const { rule, severity, outcome } = group[0] as Finding;
  const label = outcome === "failed" ? severity : outcome;
  const title = titles?.get(rule) ?? "";
  const head =
    `${paint(outcome === "failed" ? colours[severity] : "dim", label)} ${paint("bold", rule)} ${title}`.trimEnd();
  const lines = group
    .slice(0, shown)
    .flatMap((finding) => [
      `  ${place(finding)}`,
      `    ${finding.message}`,
      ...(finding.fix === "" ? [] : finding.fix.split("\n").map((line) => paint("dim", `      ${line}`))),
    ]);
  const more = group.length > shown ? [`  ... and ${group.length - shown} more`] : [];
  return [head, ...lines, ...more, paint("dim", `  ${helpPage(rule)}`)].join("\n");
}

function place({ object, container, path, line }: Finding): string {
  const where = object ? object.id : "settings";
  const file = object?.source ? ` (${object.source.file}:${line ?? object.source.line})` : "";
  return [`${where}${container === undefined ? "" : ` [${container}]`}`, path].filter(Boolean).join(" ") + file;
}

function waivedText({ waived }: Report, paint: Paint): string {
  const lines = waived.map(
    ({ finding, waiver }) =>
      `  ${finding.rule} ${place(finding)}\n    ${waiver.reason} (${waiver.owner}, until ${waiver.expires})`,
  );
  return [paint("bold", "waived"), ...lines].join("\n");
}

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** One line: what was checked and how it ended. */
export function summaryText(report: Report, paint: Paint = (_, text) => text): string {
  const { objects, rules, errors, warnings, infos, undecided, crashed, waived } = summaryOf(report);
  const parts = [
    errors > 0 ? paint("red", counted(errors, "error")) : "0 errors",
    warnings > 0 ? paint("yellow", counted(warnings, "warning")) : "0 warnings",
    ...(infos > 0 ? [`${infos} info`] : []),
    ...(undecided > 0 ? [`${undecided} undecided`] : []),
    ...(crashed > 0 ? [paint("red", counted(crashed, "rule that failed", "rules that failed"))] : []),
    ...(waived > 0 ? [`${waived} waived`] : []),
  ];
  return `${counted(objects, "object")} against ${counted(rules, "rule")}: ${parts.join(", ")}`;
}
