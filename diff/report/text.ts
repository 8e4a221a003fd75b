import { styleText } from "node:util";
import { pathText } from "../model/compare.ts";
import { nameOf } from "../model/object.ts";
import { capacityRows } from "./capacity-text.ts";
import {
  changeText,
  isChanged,
  printable,
  type Report,
  riskDetails,
  riskText,
  type StackDiff,
  valueText,
} from "./report.ts";

export interface TextOptions {
  /** Columns of the terminal. @default 100 */
  readonly width?: number;
  /** @default false */
  readonly colour?: boolean;
}

/** Differences of one object that are listed before the rest is counted. */
const mostFields = 20;

/** The report for a terminal: meaning first, then capacity, policies, and every object with its risk. */
export function textReport(report: Report, { width = 100, colour = false }: TextOptions = {}): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const sections = report.stacks.map((each) => stackText(each, width, paint));
  const failed = report.failed.map(
    ({ stack, side, error }) => `${paint("red", "ERROR")} ${stack ?? ""} ${side}: ${error}`,
  );
  const title = `${report.base} -> ${report.head}`;
  return [title, ...sections, ...failed].join("\n\n");
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

const severityStyles = { danger: "red", warning: "yellow", info: "dim" } as const;

function stackText(each: StackDiff, width: number, paint: Paint): string {
  const { diff, policies } = each;
  const lines: string[] = [];
  if (each.stack) lines.push(paint("bold", `stack ${each.stack}`));
  if (!isChanged(each)) return [...lines, "no change"].join("\n");
  for (const { severity, area, text } of diff.meaning) {
    lines.push(
      ...wrap(
        `${paint(severityStyles[severity], severity.padEnd(7))} ${area.padEnd(10)} ${printable(text)}`,
        width,
        19,
      ),
    );
  }
  const capacity = capacityRows(each);
  if (capacity.length > 0)
    lines.push(
      "",
      paint("bold", "capacity"),
      ...capacity.map(({ name, difference }) => `  ${name.padEnd(16)} ${difference}`),
    );
  if (policies) {
    const { introduced, fixed, existing } = policies;
    lines.push("", paint("bold", `policies: ${introduced.length} new, ${fixed.length} fixed, ${existing} existing`));
    for (const { severity, rule, object, message } of introduced)
      lines.push(...wrap(`  + ${severity} ${printable(`${rule} ${object}: ${message}`)}`, width, 4));
    for (const { rule, object } of fixed) lines.push(`  - ${printable(`${rule} ${object}`)}`);
  }
  const { length } = diff.changes;
  lines.push(
    "",
    paint("bold", length === 0 ? "no object changes" : `${length} ${length === 1 ? "object" : "objects"}`),
  );
  for (const change of diff.changes) {
    lines.push(
      ...wrap(
        `${printable(`${nameOf(change.id)}${change.from ? ` (was ${nameOf(change.from)})` : ""}`)}  ${paint("cyan", riskText(change))}`,
        width,
        4,
      ),
    );
    for (const detail of riskDetails(change)) lines.push(...wrap(`    ${printable(detail)}`, width, 6));
    for (const { kind, path, before, after } of change.fields.slice(0, mostFields)) {
      const shown = {
        added: `+ ${pathText(path)} = ${valueText(after)}`,
        removed: `- ${pathText(path)} = ${valueText(before)}`,
        changed: `~ ${pathText(path)}: ${changeText({ before, after })}`,
        reordered: `~ ${pathText(path)}: ${valueText(after)} (another order)`,
      }[kind];
      lines.push(...wrap(`    ${printable(shown)}`, width, 8));
    }
    if (change.fields.length > mostFields)
      lines.push(`    and ${change.fields.length - mostFields} more fields (--format json lists all)`);
  }
  const { formattingOnly, checksumOnly } = diff.suppressed;
  if (formattingOnly + checksumOnly > 0)
    lines.push(
      "",
      paint(
        "dim",
        `not listed: ${formattingOnly} texts that differ in formatting only, ${checksumOnly} workloads that only restart for a changed file`,
      ),
    );
  return lines.join("\n");
}

/** Breaks a line at spaces; what continues is indented. A word longer than the line stays whole. */
function wrap(line: string, width: number, indent: number): readonly string[] {
  const [, lead = "", rest = ""] = /^(\s*)(.*)$/s.exec(line) ?? [];
  const lines: string[] = [];
  let current = lead;
  let length = lead.length;
  for (const word of rest.split(" ")) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes take no room
    const size = word.replace(/\u001b\[\d+m/g, "").length;
    if (length + size > width && current.trim() !== "") {
      lines.push(current.trimEnd());
      current = " ".repeat(indent);
      length = indent;
    }
    current += `${word} `;
    length += size + 1;
  }
  return [...lines, current.trimEnd()];
}
