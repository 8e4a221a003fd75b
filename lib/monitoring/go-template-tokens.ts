// Tokens of Go's templates. @see https://github.com/golang/go/blob/go1.26.8/src/text/template/parse/lex.go

/** What is wrong with a template. */
export class TemplateMistake extends Error {}

/** Characters that are tokens by themselves have their own kind; keywords, too. */
export interface Token {
  readonly kind: string;
  readonly text: string;
  /** Whether a space precedes it: `.a .b` are two operands, `.a.b` is one. */
  readonly spaced: boolean;
}

const keywords = new Set("block break continue define else end if nil range template with".split(" "));

const escapes = (quote: string) =>
  `\\\\(?:[abfnrtv\\\\${quote}]|x[\\da-fA-F]{2}|[0-3][0-7]{2}|u(?![dD][89a-fA-F])[\\da-fA-F]{4}|` +
  "U00(?:0[\\da-fA-F]|10)(?!(?<=U0000)[dD][89a-fA-F])[\\da-fA-F]{4})";
const text = new RegExp(`^"(?:[^"\\\\\\n]|${escapes('"')})*"$`, "u");
const character = new RegExp(`^'(?:[^'\\\\\\n]|${escapes("'")})'$`, "u");

const integer = "0[xX](?:_?[\\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[1-9](?:_?\\d)*|0";
const float =
  "(?:\\d+\\.\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+|" +
  "0[xX](?:[\\da-fA-F]+\\.?[\\da-fA-F]*|\\.[\\da-fA-F]+)[pP][+-]?\\d+";
const number = new RegExp(`^[+-]?(?:(?<float>${float})|(?<integer>${integer}))(?<imaginary>i?)$`);
const complex = /^([+-]?[^+-]+)([+-][^+-]+i)$/;

/** Whether Go takes a number, which the scanner has only delimited. */
function isNumber(found: string): boolean {
  const parts = number.exec(found)?.groups;
  if (!parts) {
    const [, real, imaginary] = complex.exec(found) ?? [];
    return real !== undefined && imaginary !== undefined && isNumber(real) && isNumber(imaginary);
  }
  if (parts.imaginary !== "") return true;
  if (parts.integer === undefined) return /^0[xX]/.test(parts.float ?? "") || Number.isFinite(Number(parts.float));
  const size = BigInt(parts.integer.replaceAll("_", "").replace(/^0(?=\d)/, "0o"));
  if (found.startsWith("-")) return size <= 2n ** 63n;
  return size < (found.startsWith("+") ? 2n ** 63n : 2n ** 64n);
}

const opening = /\{\{(?:-[ \t\r\n])?/g;
const comment = /\/\*(?:(?!\*\/)[\s\S])*\*\/(?:[ \t\r\n]-)?\}\}/y;
const closing = /(?:[ \t\r\n]-)?\}\}/y;
const space = /(?:(?![ \t\r\n]-\}\})[ \t\r\n])+/y;

/** Tokens within an action, the first that matches. */
const inside: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["string", /"(?:[^"\\\n]|\\[^\n])*"/y],
  ["string", /`[^`]*`/y],
  ["constant", /'(?:[^'\\\n]|\\[^\n])*'/y],
  ["constant", /(?:[+-]|\.?\d)(?:[eEpP][+-]|[\p{L}\p{Nd}_.])*(?:[+-](?:[eEpP][+-]|[\p{L}\p{Nd}_.])*)?/uy],
  ["variable", /\$[\p{L}\p{Nd}_]*/uy],
  ["field", /\.[\p{L}\p{Nd}_]+/uy],
  [".", /\./y],
  ["word", /[\p{L}\p{Nd}_]+/uy],
  [":=", /:=/y],
  ["=", /=/y],
  ["|", /\|/y],
  [",", /,/y],
  ["(", /\(/y],
  [")", /\)/y],
];

/** What may follow a name directly. */
const terminator = /[ \t\r\n.,|:()]|\}\}|$/y;

const matchAt = (pattern: RegExp, input: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(input)?.[0];
};

/** Tokens of a template: text, `{{`, those of the action, `}}`. @throws TemplateMistake */
export function* tokens(input: string): Generator<Token, void> {
  let at = 0;
  for (;;) {
    opening.lastIndex = at;
    const open = opening.exec(input);
    const plain = input.slice(at, open?.index);
    if (plain !== "") yield { kind: "text", text: plain, spaced: false };
    if (!open) return;
    at = open.index + open[0].length;
    if (input.startsWith("/*", at)) {
      const whole = matchAt(comment, input, at);
      if (whole === undefined) throw new TemplateMistake("a comment does not end with */}}");
      at += whole.length;
      continue;
    }
    yield { kind: "{{", text: open[0], spaced: false };
    at = yield* action(input, at);
  }
}

/** Tokens of one action. Returns the position after it. */
function* action(input: string, start: number): Generator<Token, number> {
  let at = start;
  let depth = 0;
  for (;;) {
    const gap = matchAt(space, input, at) ?? "";
    at += gap.length;
    const spaced = gap !== "";
    const close = matchAt(closing, input, at);
    if (close !== undefined) {
      if (depth > 0) throw new TemplateMistake("( is not closed");
      yield { kind: "}}", text: "}}", spaced };
      return at + close.length;
    }
    if (at === input.length) throw new TemplateMistake("{{ is not closed");
    const token = tokenAt(input, at, spaced);
    if (token.kind === "(") depth++;
    if (token.kind === ")" && --depth < 0) throw new TemplateMistake(") without (");
    at += token.text.length;
    yield token;
  }
}

function tokenAt(input: string, at: number, spaced: boolean): Token {
  for (const [kind, pattern] of inside) {
    const found = matchAt(pattern, input, at);
    if (found === undefined) continue;
    if (kind === "string" && !found.startsWith("`") && !text.test(found))
      throw new TemplateMistake(`${found} is not a string of Go`);
    if (kind === "constant" && !(found.startsWith("'") ? character.test(found) : isNumber(found)))
      throw new TemplateMistake(`${found} is not a number`);
    const isName = kind === "variable" || kind === "field" || kind === "." || kind === "word";
    if (isName && matchAt(terminator, input, at + found.length) === undefined)
      throw new TemplateMistake(`unexpected ${JSON.stringify(input[at + found.length])} after ${found}`);
    if (kind !== "word") return { kind, text: found, spaced };
    const isConstant = found === "true" || found === "false";
    return { kind: keywords.has(found) ? found : isConstant ? "constant" : "function", text: found, spaced };
  }
  const rest = input.slice(at, at + 1);
  throw new TemplateMistake(/["'`]/.test(rest) ? `${rest} is not closed` : `unexpected ${JSON.stringify(rest)}`);
}
