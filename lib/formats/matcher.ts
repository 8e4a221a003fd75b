import type { Format } from "./format.ts";
import { re2 } from "./query.ts";

const quoted = String.raw`"(?:[^"\\]|\\[\s\S])*"`;
const operator = String.raw`\s*(=~|!=|!~|=)\s*`;
/** The classic syntax, whose values need no quotes, and that of UTF-8 names, whose unquoted texts have no reserved characters. */
const dialects = [
  String.raw`\s*[A-Za-z_:][\w:]*${operator}(${quoted}|[^",]*?)\s*`,
  String.raw`\s*(?:${quoted}|[^\s{}!=~,\\"'\x60]+)${operator}(${quoted}|[^\s{}!=~,\\"'\x60]+)\s*`,
];

/**
 * Matchers of labels in Alertmanager's configuration, one or several.
 * @see https://github.com/prometheus/alertmanager/blob/v0.33.1/matcher/compat/parse.go
 */
export const alertMatchers: Format = {
  name: "a matcher of Alertmanager",
  examples: ['team="payments"'],
  language: true,
  mistake: (text) => {
    const found = dialects.find((one) => new RegExp(`^\\s*\\{?(?:${one}(?:,${one})*,?)?\\s*\\}?\\s*$`).test(text));
    if (found === undefined) return 'a label, one of = != =~ !~, and a text in quotes, such as team="payments"';
    return [...text.replace(/^\s*\{/, "").matchAll(new RegExp(`${found}(?=,|\\s*\\}?\\s*$)`, "g"))]
      .filter(([, comparison = ""]) => comparison.endsWith("~"))
      .flatMap(([, , value = ""]) => re2.mistake(value.startsWith('"') ? unquoted(value) : value) ?? [])[0];
  },
};

const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(["\\])/g, "$1");
