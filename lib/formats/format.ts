/** A kind of text with a grammar of its own: a host, a URL, a label name. */
export interface Format {
  /** What a value has to be, for messages: `a host name`. */
  readonly name: string;
  readonly examples: readonly [string, ...string[]];
  /** Says what is wrong with a text, or undefined if nothing is. */
  readonly mistake: (text: string) => string | undefined;
  /** Whether objects depend on the value, so that it must be known when the program starts. @default false */
  readonly structural?: boolean;
  /** Whether texts are written in a language: nobody can guess what a text with a mistake was meant to say. @default false */
  readonly language?: boolean;
}

/** A format that a regular expression describes. @param rule the expression in words */
export function byPattern(name: string, pattern: RegExp, rule: string, examples: Format["examples"]): Format {
  return { name, examples, mistake: (text) => (pattern.test(text) ? undefined : rule) };
}

/** One of some words. */
export function oneOf(...words: readonly [string, ...string[]]): Format {
  return {
    name: "one of the values",
    examples: words,
    structural: true,
    mistake: (text) => (words.includes(text) ? undefined : words.join(", ")),
  };
}

/** What programs and templates print where they have no value. */
const leftovers: ReadonlySet<string> = new Set(["NaN", "undefined", "null", "Infinity", "[object Object]"]);

/** What is wrong with a text in a format, or undefined if nothing is. */
export function mistakeIn(format: Format, text: string): string | undefined {
  return leftovers.has(text) ? "a template writes this for a missing value" : format.mistake(text);
}
