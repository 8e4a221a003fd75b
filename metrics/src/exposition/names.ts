/** How names that older systems cannot store are written: https://github.com/prometheus/common/blob/main/model/metric.go */
export const ESCAPINGS = ["allow-utf-8", "underscores", "dots", "values"] as const;
export type Escaping = (typeof ESCAPINGS)[number];

const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether a metric's name was valid before Prometheus 3. */
const isLegacyName = (name: string): boolean => LEGACY_METRIC.test(name);
/** Whether a label's name was valid before Prometheus 3. */
const isLegacyLabel = (name: string): boolean => LEGACY_LABEL.test(name);

const isLegacyRune = (rune: string, first: boolean): boolean =>
  /[a-zA-Z_:]/.test(rune) || (!first && /[0-9]/.test(rune));

/** A name as the scheme writes it; with `allow-utf-8`, unchanged. */
export function escapeName(name: string, escaping: Escaping): string {
  if (escaping === "allow-utf-8" || (escaping !== "dots" && isLegacyName(name))) return name;
  let escaped = "";
  for (const rune of name) {
    const legacy = isLegacyRune(rune, escaped === "");
    if (escaping === "underscores") escaped += legacy ? rune : "_";
    else if (rune === "_") escaped += "__";
    else if (escaping === "dots") escaped += rune === "." ? "_dot_" : legacy ? rune : "__";
    else escaped += legacy ? rune : `_${rune.codePointAt(0)!.toString(16)}_`;
  }
  return escaping === "values" ? `U__${escaped}` : escaped;
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/** A label value, or OpenMetrics help text, without its quotes. */
export const escapeValue = (text: string): string =>
  /[\\\n"]/.test(text) ? text.replace(/[\\\n"]/g, (character) => escapes[character]!) : text;

/** Help text of the Prometheus text format, which leaves quotes alone. */
export const escapeHelp = (text: string): string => text.replace(/[\\\n]/g, (character) => escapes[character]!);

type Labels = readonly (readonly [name: string, value: string])[];

const labelParts = (labels: Labels): string[] =>
  labels.map(([label, value]) => `${isLegacyLabel(label) ? label : `"${escapeValue(label)}"`}="${escapeValue(value)}"`);

/** Labels between braces. */
export const labelsText = (labels: Labels): string => `{${labelParts(labels).join(",")}}`;

/**
 * A series' name with its labels, as both text formats write it. A name that is not legacy goes between the braces, in quotes.
 */
export function seriesText(name: string, labels: Labels): string {
  const parts = labelParts(labels);
  if (!isLegacyName(name)) return `{${[`"${escapeValue(name)}"`, ...parts].join(",")}}`;
  return parts.length === 0 ? name : `${name}{${parts.join(",")}}`;
}

/** A name in a `# TYPE` line. */
export const quotedName = (name: string): string => (isLegacyName(name) ? name : `"${escapeValue(name)}"`);
