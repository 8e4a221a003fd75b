// A parser of the Alloy syntax, written from its grammar and independent of the printer: string literals of Go, newlines as
// terminators, comments, and expressions of references, calls, literals and operators.
// Source: https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/

export type ParsedValue =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "list"; readonly items: readonly ParsedValue[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [string, ParsedValue])[] }
  | { readonly kind: "reference"; readonly path: string }
  | { readonly kind: "call"; readonly function: string; readonly args: readonly ParsedValue[] }
  /** Values joined by operators, most often strings by `+`. */
  | { readonly kind: "sum"; readonly parts: readonly ParsedValue[] };

export interface ParsedBlock {
  readonly name: string;
  readonly label?: string;
  readonly attributes: readonly (readonly [string, ParsedValue])[];
  readonly blocks: readonly ParsedBlock[];
}

type Token =
  | {
      readonly type: "identifier" | "number" | "operator" | "punctuation" | "newline" | "end";
      readonly text: string;
      readonly at: number;
    }
  | { readonly type: "string"; readonly text: string; readonly at: number };

const simpleEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};
const numericEscapes: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** The characters of a string literal that begins after a quote, and where it ends. */
function readString(text: string, from: number): { value: string; end: number } {
  let value = "";
  for (let at = from; ; ) {
    const char = text[at];
    if (char === undefined || char === "\n") throw new SyntaxError(`string not terminated at ${at}`);
    if (char === '"') return { value, end: at + 1 };
    if (char !== "\\") {
      value += char;
      at += 1;
      continue;
    }
    const letter = text[at + 1] ?? "";
    const digits = numericEscapes[letter];
    if (digits !== undefined) {
      const hex = text.slice(at + 2, at + 2 + digits);
      const code = Number.parseInt(hex, 16);
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits) throw new SyntaxError(`bad escape at ${at}`);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new SyntaxError(`no code point at ${at}`);
      value += String.fromCodePoint(code);
      at += 2 + digits;
      continue;
    }
    const simple = simpleEscapes[letter];
    if (simple === undefined) throw new SyntaxError(`unknown escape \\${letter} at ${at}`);
    value += simple;
    at += 2;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const space = /^[ \t\r]+/.exec(rest)?.[0];
    const identifier = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(rest)?.[0];
    const comment = /^(\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest)?.[0];
    const raw = /^`([^`]*)`/.exec(rest);
    const operator = /^(==|!=|<=|>=|&&|\|\||[-+*/%^<>!])/.exec(rest)?.[0];
    const number = /^(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?/.exec(rest)?.[0];
    if (space ?? comment) {
      at += (space ?? comment ?? "").length;
    } else if (raw) {
      tokens.push({ type: "string", text: raw[1] as string, at });
      at += raw[0].length;
    } else if (rest[0] === "\n") {
      tokens.push({ type: "newline", text: "\n", at });
      at += 1;
    } else if (rest[0] === '"') {
      const { value, end } = readString(text, at + 1);
      tokens.push({ type: "string", text: value, at });
      at = end;
    } else if (identifier) {
      tokens.push({ type: "identifier", text: identifier, at });
      at += identifier.length;
    } else if (number) {
      tokens.push({ type: "number", text: number, at });
      at += number.length;
    } else if (operator) {
      tokens.push({ type: "operator", text: operator, at });
      at += operator.length;
    } else if (/^[{}[\](),.=]/.test(rest)) {
      tokens.push({ type: "punctuation", text: rest[0] as string, at });
      at += 1;
    } else {
      throw new SyntaxError(`unexpected ${JSON.stringify(rest[0])} at ${at}`);
    }
  }
  return [...tokens, { type: "end", text: "", at: text.length }];
}

/** Parses a file. @throws SyntaxError with the position of the error */
export function parseAlloy(text: string): readonly ParsedBlock[] {
  const reader = new Reader(tokenize(text));
  const { attributes, blocks } = reader.body("end");
  if (attributes.length > 0) throw new SyntaxError("an attribute outside a block");
  return blocks;
}

class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(type: Token["type"], text?: string): Token {
    const token = this.#peek();
    if (token.type !== type || (text !== undefined && token.text !== text)) {
      const found = token.type === "end" ? "the end" : JSON.stringify(token.text);
      throw new SyntaxError(`${found} at ${token.at} in place of ${text === undefined ? type : JSON.stringify(text)}`);
    }
    this.#next += 1;
    return token;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.type === "punctuation" && token.text === text;
  }

  #newlines(): void {
    while (this.#peek().type === "newline") this.#next += 1;
  }

  body(until: "end" | "}"): Pick<ParsedBlock, "attributes" | "blocks"> {
    const attributes: [string, ParsedValue][] = [];
    const blocks: ParsedBlock[] = [];
    for (;;) {
      this.#newlines();
      if (until === "end" ? this.#peek().type === "end" : this.#is("}")) return { attributes, blocks };
      const name = this.#dotted();
      if (this.#is("=")) {
        if (name.includes(".")) throw new SyntaxError(`attribute name ${name}`);
        if (attributes.some(([known]) => known === name)) throw new SyntaxError(`attribute ${name} twice`);
        this.#take("punctuation", "=");
        attributes.push([name, this.#expression()]);
      } else {
        blocks.push(this.#block(name));
      }
      // A statement ends with its line; the brace of a block on one line may follow.
      if (!this.#is("}") && this.#peek().type !== "end") this.#take("newline");
    }
  }

  #block(name: string): ParsedBlock {
    const label = this.#peek().type === "string" ? this.#take("string").text : undefined;
    if (label !== undefined && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(label)) throw new SyntaxError(`label ${label}`);
    this.#take("punctuation", "{");
    const inner = this.body("}");
    this.#take("punctuation", "}");
    return { name, ...(label !== undefined && { label }), ...inner };
  }

  #dotted(): string {
    let name = this.#take("identifier").text;
    while (this.#is(".")) {
      this.#take("punctuation", ".");
      name += `.${this.#take("identifier").text}`;
    }
    return name;
  }

  #expression(): ParsedValue {
    const parts = [this.#unary()];
    while (this.#peek().type === "operator") {
      this.#next += 1;
      this.#newlines();
      parts.push(this.#unary());
    }
    return parts.length === 1 ? (parts[0] as ParsedValue) : { kind: "sum", parts };
  }

  /** A value after unary operators, with index and field access: `discovery.x.targets[0].name`. */
  #unary(): ParsedValue {
    const token = this.#peek();
    if (token.type === "operator" && (token.text === "-" || token.text === "!")) {
      this.#next += 1;
      const value = this.#unary();
      return value.kind === "number" ? { kind: "number", value: -value.value } : value;
    }
    const value = this.#primary();
    for (;;) {
      if (this.#is("[")) this.#enclosed("[", "]", () => this.#expression());
      else if (this.#is(".")) {
        this.#take("punctuation", ".");
        this.#take("identifier");
      } else return value;
    }
  }

  #primary(): ParsedValue {
    const token = this.#peek();
    if (token.type === "string") return { kind: "string", value: this.#take("string").text };
    if (token.type === "number") return { kind: "number", value: Number(this.#take("number").text) };
    if (this.#is("[")) return { kind: "list", items: this.#enclosed("[", "]", () => this.#expression()) };
    if (this.#is("(")) {
      const inner = this.#enclosed("(", ")", () => this.#expression());
      return inner.length === 1 ? (inner[0] as ParsedValue) : { kind: "sum", parts: inner };
    }
    if (this.#is("{")) return { kind: "map", entries: this.#enclosed("{", "}", () => this.#entry()) };
    const path = this.#dotted();
    if (path === "true" || path === "false") return { kind: "boolean", value: path === "true" };
    if (path === "null") return { kind: "null" };
    if (this.#is("("))
      return { kind: "call", function: path, args: this.#enclosed("(", ")", () => this.#expression()) };
    return { kind: "reference", path };
  }

  #entry(): readonly [string, ParsedValue] {
    const key = this.#peek().type === "string" ? this.#take("string").text : this.#take("identifier").text;
    this.#take("punctuation", "=");
    return [key, this.#expression()];
  }

  /** Comma-separated items; a line may only end after a comma or the opening bracket. */
  #enclosed<T>(open: string, close: string, item: () => T): T[] {
    this.#take("punctuation", open);
    const items: T[] = [];
    this.#newlines();
    while (!this.#is(close)) {
      items.push(item());
      if (!this.#is(",")) break;
      this.#take("punctuation", ",");
      this.#newlines();
    }
    this.#take("punctuation", close);
    return items;
  }
}
