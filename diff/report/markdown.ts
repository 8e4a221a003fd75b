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

/** Longest comment, after escaping: GitHub takes 65,536 characters, GitLab 1,000,000. */
export const longestComment = 60_000;

/** First line of the comment: what finds the one to renew. */
const commentMarker = "<!-- skopos diff -->";

/**
 * The report as one comment. Everything that comes from the compared objects is escaped: no HTML, no mention, no link, no end of
 * a code span or of a folded section can come out of it. What does not fit is cut at a section's border, and counted.
 */
export function markdownReport(report: Report): string {
  const header = [commentMarker, `### Skopos diff: ${escapeMarkdown(report.base)} → ${escapeMarkdown(report.head)}`];
  const sections = [
    ...report.failed.map(
      ({ stack, side, error }) =>
        `**${escapeMarkdown(stack ?? "The comparison")} failed** (${side}):\n\n${quote(error)}`,
    ),
    ...report.stacks.flatMap(stackSections),
  ];
  let text = header.join("\n");
  let cut = 0;
  for (const section of sections) {
    if (cut > 0 || text.length + section.length + 200 > longestComment) cut++;
    else text += `\n\n${section}`;
  }
  if (cut > 0)
    text += `\n\n_${cut} more ${cut === 1 ? "section does" : "sections do"} not fit into a comment: see the HTML report among the artifacts of this run._`;
  return `${text}\n`;
}

const icons = { danger: "🔴", warning: "🟡", info: "⚪" } as const;

function stackSections(each: StackDiff): readonly string[] {
  const { stack, diff, policies } = each;
  const title = stack ? `#### Stack ${escapeMarkdown(stack)}` : "#### Manifests";
  if (!isChanged(each)) return [`${title}\n\nNo change.`];
  const sections: string[] = [];
  const meaning = diff.meaning.map(
    ({ severity, area, text }) => `- ${icons[severity]} **${area}** ${escapeMarkdown(text)}`,
  );
  sections.push(
    `${title}\n\n${meaning.length > 0 ? cutLines(meaning, 20_000) : "Nothing that changes what is observed."}`,
  );
  const capacity = capacityRows(each);
  if (capacity.length > 0)
    sections.push(
      [
        "| capacity | change |",
        "|---|---|",
        ...capacity.map(({ name, difference }) => `| ${name} | ${difference} |`),
      ].join("\n"),
    );
  if (policies && policies.introduced.length + policies.fixed.length > 0) {
    const found = policies.introduced.map(
      ({ severity, rule, object, message }) =>
        `- ${severity} \`${inCode(rule)}\` ${escapeMarkdown(object)}: ${escapeMarkdown(message)}`,
    );
    sections.push(
      `**Policies**: ${policies.introduced.length} new, ${policies.fixed.length} fixed, ${policies.existing} existing\n\n${cutLines(found, 10_000)}`,
    );
  }
  for (const change of diff.changes) {
    const details = riskDetails(change).map((detail) => `- ${escapeMarkdown(detail)}`);
    const fields = change.fields.map(({ kind, path, before, after }) =>
      kind === "added"
        ? `+ ${pathText(path)} = ${valueText(after, 300)}`
        : kind === "removed"
          ? `- ${pathText(path)} = ${valueText(before, 300)}`
          : `~ ${pathText(path)}: ${changeText({ before, after }, 300)}`,
    );
    const body = [...details, ...(fields.length > 0 ? ["", quote(cutLines(fields, 8_000))] : [])].join("\n");
    const summary = `<summary>${escapeMarkdown(nameOf(change.id))} — <b>${escapeMarkdown(riskText(change))}</b></summary>`;
    sections.push(
      body.trim() === ""
        ? `${escapeMarkdown(nameOf(change.id))} — **${escapeMarkdown(riskText(change))}**`
        : `<details>${summary}\n\n${body}\n\n</details>`,
    );
  }
  const { formattingOnly, checksumOnly } = diff.suppressed;
  if (formattingOnly + checksumOnly > 0)
    sections.push(
      `_Not listed: ${formattingOnly} texts that differ in formatting only, ${checksumOnly} workloads that only restart for a changed file._`,
    );
  return sections;
}

/** As many lines as fit, and how many do not. */
function cutLines(lines: readonly string[], most: number): string {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (length + line.length + 1 > most) break;
    kept.push(line);
    length += line.length + 1;
  }
  const missing = lines.length - kept.length;
  return [...kept, ...(missing > 0 ? [`and ${missing} more`] : [])].join("\n");
}

/** A text as a code block that nothing in it can end: four spaces before each line. */
function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${printable(line)}`)
    .join("\n");
}

/**
 * A text that Markdown and HTML take literally, on one line. Entities keep markup from being read; GitHub looks for mentions,
 * references and links in the text after that, so these are broken by a zero-width space.
 */
function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[@#]/g, "$&\u200b")
    .replace(/:\/\//g, ":\u200b//")
    .replace(/\bwww\./gi, "www\u200b.")
    .replace(/\bGH-(?=\d)/gi, "GH\u200b-")
    .replace(/[&<>"'\\`*_{}[\]()#+!|~-]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A text inside a code span. */
const inCode = (text: string): string => printable(text).replace(/`/g, "'");
