import type { AssessedChange } from "../diff.ts";
import { pathText } from "../model/compare.ts";
import { nameOf } from "../model/object.ts";
import { changedWords, type Stretch } from "../model/words.ts";
import { capacityRows } from "./capacity-text.ts";
import { script, style } from "./html-assets.ts";
import { printable, type Report, riskDetails, riskText, type StackDiff, valueText } from "./report.ts";

/** The report as one page that loads nothing: search, folding, light and dark, usable by keyboard and screen reader. */
export function htmlReport(report: Report): string {
  const stacks = report.stacks.map(stackHtml).join("\n");
  const failed = report.failed
    .map(
      ({ stack, side, error }) =>
        `<section class="failed" role="alert"><h2>${escapeText(stack ?? "The comparison")} failed (${side})</h2><pre>${escapeText(error)}</pre></section>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Skopos diff: ${escapeText(report.base)} → ${escapeText(report.head)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the changes</a>
<header>
<h1>${escapeText(report.base)} → ${escapeText(report.head)}</h1>
<form role="search" onsubmit="return false">
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" placeholder="object, field, alert, value ...">
<button type="button" id="open">Unfold all</button>
<button type="button" id="close">Fold all</button>
<output id="count" for="search" aria-live="polite"></output>
</form>
</header>
<main id="content">
${failed}
${stacks}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function stackHtml(each: StackDiff, index: number): string {
  const { stack, diff, policies } = each;
  const id = `stack-${index}`;
  const parts = [`<h2 id="${id}">${stack ? `Stack ${escapeText(stack)}` : "Manifests"}</h2>`];
  if (diff.changes.length === 0) parts.push("<p>No change.</p>");
  if (diff.meaning.length > 0) {
    const rows = diff.meaning.map(
      ({ severity, area, text }) =>
        `<li class="${severity} item"><span class="badge">${severity}</span> <b>${area}</b> ${escapeText(text)}</li>`,
    );
    parts.push(`<h3>What it means</h3><ul class="meaning">${rows.join("\n")}</ul>`);
  }
  const capacity = capacityRows(each);
  if (capacity.length > 0) {
    const rows = capacity.map(
      ({ name, difference }) => `<tr><th scope="row">${name}</th><td>${escapeText(difference)}</td></tr>`,
    );
    parts.push(
      `<h3>Capacity</h3><table><thead><tr><th scope="col">resource</th><th scope="col">change</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    );
  }
  if (policies) {
    const rows = policies.introduced.map(
      ({ severity, rule, object, message }) =>
        `<li class="item ${severity === "error" ? "danger" : severity}"><span class="badge">${severity}</span> <code>${escapeText(rule)}</code> ${escapeText(object)}: ${escapeText(message)}</li>`,
    );
    parts.push(
      `<h3>Policies: ${policies.introduced.length} new, ${policies.fixed.length} fixed, ${policies.existing} existing</h3><ul>${rows.join("\n")}</ul>`,
    );
  }
  if (diff.changes.length > 0) parts.push(`<h3>Objects (${diff.changes.length})</h3>`, ...diff.changes.map(changeHtml));
  const { formattingOnly, checksumOnly } = diff.suppressed;
  if (formattingOnly + checksumOnly > 0)
    parts.push(
      `<p class="note">Not listed: ${formattingOnly} texts that differ in formatting only, ${checksumOnly} workloads that only restart for a changed file.</p>`,
    );
  return `<section aria-labelledby="${id}">${parts.join("\n")}</section>`;
}

function changeHtml(change: AssessedChange): string {
  const details = riskDetails(change).map((detail) => `<li>${escapeText(detail)}</li>`);
  const rows = change.fields.map((field) => {
    const { before, after } = field;
    const words = typeof before === "string" && typeof after === "string" ? changedWords(before, after) : undefined;
    const cell = (side: "before" | "after", value: unknown) =>
      value === undefined
        ? "<td></td>"
        : `<td>${words ? wordsHtml(words, side) : element(side, escapeText(valueText(value, 2_000)))}</td>`;
    return `<tr class="${field.kind}"><th scope="row"><code>${escapeText(pathText(field.path))}</code></th>${cell("before", before)}${cell("after", after)}</tr>`;
  });
  const table =
    rows.length > 0
      ? `<table><thead><tr><th scope="col">field</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`
      : "";
  const was = change.from ? ` <span class="note">(was ${escapeText(nameOf(change.from))})</span>` : "";
  return `<details class="item"><summary>${escapeText(nameOf(change.id))}${was} <span class="risk">${escapeText(riskText(change))}</span></summary>${details.length > 0 ? `<ul>${details.join("")}</ul>` : ""}${table}</details>`;
}

/** One version of a text, with the words marked that only it has. */
const wordsHtml = (words: readonly Stretch[], side: "before" | "after"): string =>
  words
    .filter((each) => each.in === "both" || each.in === side)
    .map((each) =>
      each.in === "both" ? escapeText(printable(each.text)) : element(side, escapeText(printable(each.text))),
    )
    .join("");

const element = (side: "before" | "after", html: string): string =>
  side === "before" ? `<del>${html}</del>` : `<ins>${html}</ins>`;

/** A text inside HTML or an attribute in quotes. */
function escapeText(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
