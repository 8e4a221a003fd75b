import type { Format } from "./format.ts";

/** RE2 repeats at most this often. @see https://github.com/google/re2/wiki/Syntax */
const maxRepetition = 1000;

/** JavaScript's form of what RE2 writes differently. */
const translations: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, "(?<"],
  [/\(\?[imsU-]+\)/g, ""],
  [/\(\?[imsU-]+:/g, "(?:"],
  [/\\A/g, "^"],
  [/\\z/g, "$"],
  [/\\a/g, "\\x07"],
  [/\\x\{([0-9a-fA-F]+)\}/g, "\\u{$1}"],
  [/\\([pP])([A-Z])/g, "\\$1{$2}"],
  [/\\([pP])\{\^?(\w+)\}/g, "\\$1{L}"],
  [/\[:\^?[a-z]+:\]/g, "a"],
  // Punctuation may be escaped anywhere, and a brace that repeats nothing is a character.
  [/\\([-_!"#%&',/:;<=>@`~ ])/g, "a"],
  [/(?<!\\|\\[pPu])\{(?!\d+(,\d*)?\})/g, "a"],
  [/(?<!\\|\{\d+(,\d*)?|\\[pPu]\{\w*)\}/g, "a"],
];

/** What is wrong with a regular expression of Go and RE2, which know no lookaround and no backreferences. */
function mistakeInRe2(pattern: string): string | undefined {
  // Without escaped backslashes, what follows a backslash is its escape.
  const bare = pattern.replaceAll("\\\\", "_");
  if (/\(\?(<?[=!])/.test(bare)) return "RE2 has no lookahead or lookbehind";
  if (/\\([1-9]|k<)/.test(bare)) return "RE2 has no backreferences";
  if (/\\[cezZuEG]/.test(bare.replaceAll("\\z", ""))) return "RE2 does not know one of its escapes";
  const repeated = [...bare.matchAll(/(?<!\\)\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [least, most]);
  if (repeated.some((count) => Number(count ?? 0) > maxRepetition))
    return `it repeats more than ${maxRepetition} times`;
  try {
    new RegExp(
      translations.reduce((text, [from, to]) => text.replace(from, to), bare),
      "u",
    );
    return undefined;
  } catch (error) {
    return (error as SyntaxError).message.replace(/^Invalid regular expression: \/.*\/u: /s, "");
  }
}

/** A regular expression as Prometheus, Loki and the OpenTelemetry Collector read it. @see https://github.com/google/re2/wiki/Syntax */
export const re2: Format = { name: "an RE2 regular expression", examples: ["prod-.+"], mistake: mistakeInRe2 };

const quoted = String.raw`"(?:[^"\\\n]|\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3}))*"`;
const matcher = String.raw`\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(${quoted}|\x60[^\x60]*\x60)\s*`;
const selectorPattern = new RegExp(`^\\s*\\{${matcher}(?:,${matcher})*\\}\\s*$`);

/** The text of a string in LogQL. */
function unquoted(text: string): string {
  const inner = text.slice(1, -1);
  return text.startsWith("`") ? inner : inner.replace(/\\(["\\])/g, "$1");
}

/** Whether a matcher also finds streams that lack the label. */
function matchesAbsent(operator: string, value: string): boolean {
  if (operator === "=") return value === "";
  if (operator === "!=") return value !== "";
  // What is no regular expression in JavaScript is taken for one that needs a character.
  const matchesEmpty = /^(\(\?:)?(\.\*|)\)?$/.test(value) || /^\w[*?]$/.test(value) || value.split("|").includes("");
  return operator === "=~" ? matchesEmpty : !matchesEmpty;
}

/**
 * A LogQL stream selector.
 * @see https://grafana.com/docs/loki/v3.6.x/query/log_queries/#log-stream-selector
 */
export const streamSelector: Format = {
  name: "a LogQL stream selector",
  examples: ['{namespace="dev"}'],
  mistake: (text) => {
    if (!selectorPattern.test(text)) return 'label matchers in braces, such as {namespace="dev", level!="error"}';
    const matchers = [...text.matchAll(new RegExp(matcher, "g"))].map(([, , operator = "", value = ""]) => ({
      operator,
      value: unquoted(value),
    }));
    const wrong = matchers.flatMap(({ operator, value }) =>
      operator.endsWith("~") ? (mistakeInRe2(value) ?? []) : [],
    )[0];
    if (wrong !== undefined) return wrong;
    return matchers.every(({ operator, value }) => matchesAbsent(operator, value))
      ? "Loki needs a matcher that does not match the empty value"
      : undefined;
  },
};
