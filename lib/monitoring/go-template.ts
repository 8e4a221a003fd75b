// The grammar of Go's templates. @see https://github.com/golang/go/blob/go1.26.8/src/text/template/parse/parse.go
import { TemplateMistake, type Token, tokens } from "./go-template-tokens.ts";

/** Functions that every template has. @see https://pkg.go.dev/text/template#hdr-Functions */
const goFunctions = new Set(
  "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery".split(" "),
);

/** A program's templates: its functions, and the variables outside of definitions. */
export interface TemplateLanguage {
  readonly functions: ReadonlySet<string>;
  readonly variables: readonly string[];
}

/** What a text defines and uses, up to the first mistake. */
export interface ParsedTemplate {
  readonly mistake?: string;
  readonly defined: readonly string[];
  readonly used: readonly string[];
}

/** Parses a template as Go does. */
export function parseTemplate(text: string, language: TemplateLanguage): ParsedTemplate {
  const parser = new Parser(text, language);
  const found = { defined: parser.defined, used: parser.used };
  try {
    parser.parse();
    return found;
  } catch (error) {
    if (error instanceof TemplateMistake) return { ...found, mistake: error.message };
    throw error;
  }
}

/** What ended a list of texts and actions, and whether the list is empty but for spaces. */
interface List {
  readonly end: "end" | "else" | "";
  readonly isEmpty: boolean;
}

const constants = new Set(["constant", "string", "nil", "."]);
const operands = new Set([...constants, "field", "variable", "function", "("]);
const isEndOfCommand = ({ kind }: Token): boolean => kind === "}}" || kind === ")";

class Parser {
  readonly defined: string[] = [];
  readonly used: string[] = [];
  private readonly filled = new Set<string>();
  private readonly source: Iterator<Token, void>;
  private readonly ahead: Token[] = [];
  private readonly language: TemplateLanguage;
  /** Variables at this place, and the `range`s around it. */
  private variables: string[];
  private ranges = 0;

  constructor(text: string, language: TemplateLanguage) {
    this.source = tokens(text);
    this.language = language;
    this.variables = [...language.variables];
  }

  parse(): void {
    const { end } = this.list(true);
    if (end !== "") throw new TemplateMistake(`${end} without if, range or with`);
  }

  private peek(distance = 0): Token {
    while (this.ahead.length <= distance) {
      this.ahead.push(this.source.next().value ?? { kind: "", text: "the end of the text", spaced: false });
    }
    return this.ahead[distance] as Token;
  }

  private next(): Token {
    const token = this.peek();
    this.ahead.shift();
    return token;
  }

  private take(kind: string, context: string): Token {
    const token = this.next();
    if (token.kind !== kind) throw unexpected(token, context);
    return token;
  }

  private list(isTop = false): List {
    let isEmpty = true;
    for (;;) {
      const token = this.next();
      if (token.kind === "") {
        if (!isTop) throw new TemplateMistake("if, range, with, define or block without end");
        return { end: "", isEmpty };
      }
      if (token.kind === "text") {
        if (token.text.trim() !== "") isEmpty = false;
        continue;
      }
      const { kind } = this.peek();
      if (kind === "end" || kind === "else") {
        this.next();
        const chained = kind === "else" && ["if", "with"].includes(this.peek().kind);
        if (!chained) this.take("}}", kind);
        return { end: kind, isEmpty };
      }
      if (kind === "define" && isTop) this.define();
      else {
        this.action();
        isEmpty = false;
      }
    }
  }

  private action(): void {
    const { kind } = this.peek();
    if (kind === "}}") throw new TemplateMistake("{{ }} is empty");
    if (kind === "if" || kind === "range" || kind === "with") {
      this.next();
      this.control(kind);
    } else if (kind === "block") this.block();
    else if (kind === "template") this.template();
    else if (kind === "break" || kind === "continue") {
      this.next();
      this.take("}}", kind);
      if (this.ranges === 0) throw new TemplateMistake(`${kind} outside of range`);
    } else this.pipeline("an action", "}}");
  }

  private control(kind: "if" | "range" | "with"): void {
    const known = this.variables.length;
    this.pipeline(kind, "}}");
    if (kind === "range") this.ranges++;
    const { end } = this.list();
    if (kind === "range") this.ranges--;
    if (end === "else") this.otherwise(kind);
    this.variables.length = known;
  }

  private otherwise(kind: "if" | "range" | "with"): void {
    if (kind !== "range" && this.peek().kind === kind) {
      this.next();
      this.control(kind);
      return;
    }
    const token = this.peek();
    if (token.kind === "if" || token.kind === "with") throw unexpected(token, `else of ${kind}`);
    if (this.list().end !== "end") throw new TemplateMistake(`a second else in ${kind}`);
  }

  private name(context: string): string {
    const { text } = this.take("string", context);
    return text.startsWith("`") ? text.slice(1, -1) : unquote(text);
  }

  private define(): void {
    this.next();
    const name = this.name("define");
    this.take("}}", "define");
    this.definition(name);
  }

  private block(): void {
    this.next();
    const name = this.name("block");
    this.pipeline("block", "}}");
    this.definition(name);
  }

  /** The body of a template: it sees nothing of what surrounds it. */
  private definition(name: string): void {
    const { variables, ranges } = this;
    this.variables = ["$"];
    this.ranges = 0;
    if (!this.defined.includes(name)) this.defined.push(name);
    const { end, isEmpty } = this.list();
    if (end !== "end") throw new TemplateMistake(`else in the definition of ${name}`);
    if (!isEmpty && this.filled.has(name)) throw new TemplateMistake(`${name} is defined twice`);
    if (!isEmpty) this.filled.add(name);
    this.variables = variables;
    this.ranges = ranges;
  }

  private template(): void {
    this.next();
    this.used.push(this.name("template"));
    if (this.peek().kind === "}}") this.next();
    else this.pipeline("template", "}}");
  }

  /** Commands up to and with the token that ends them. */
  private pipeline(context: string, end: "}}" | ")"): void {
    this.declarations(context);
    let commands = 0;
    while (this.peek().kind !== end) {
      const token = this.peek();
      if (!operands.has(token.kind)) throw unexpected(token, context);
      if (commands > 0 && constants.has(token.kind)) throw new TemplateMistake(`${token.text} is not a function`);
      this.command();
      commands++;
    }
    if (commands === 0) throw new TemplateMistake(`${context} has no value`);
    this.next();
  }

  /** `$a :=`, `$a =`, and in range `$a, $b :=`. */
  private declarations(context: string): void {
    for (let declared = 0; this.peek().kind === "variable"; ) {
      const operator = this.peek(1).kind;
      if (operator !== ":=" && operator !== "=" && operator !== ",") return;
      this.variables.push(this.next().text);
      this.next();
      if (operator !== ",") return;
      if (context !== "range" || ++declared > 1) throw new TemplateMistake(`too many variables in ${context}`);
      if (this.peek().kind !== "variable") throw unexpected(this.peek(), context);
    }
  }

  private command(): void {
    for (;;) {
      this.operand();
      const token = this.peek();
      if (token.spaced && operands.has(token.kind)) continue;
      if (token.kind === "|") this.next();
      else if (!isEndOfCommand(token)) throw unexpected(token, "a command");
      return;
    }
  }

  private operand(): void {
    const token = this.next();
    if (token.kind === "(") this.pipeline("( )", ")");
    if (token.kind === "variable" && !this.variables.includes(token.text))
      throw new TemplateMistake(`there is no variable ${token.text}`);
    if (token.kind === "function" && !goFunctions.has(token.text) && !this.language.functions.has(token.text))
      throw new TemplateMistake(`there is no function ${token.text}`);
    const isField = () => this.peek().kind === "field" && !this.peek().spaced;
    if (isField() && constants.has(token.kind)) throw new TemplateMistake(`${token.text} has no fields`);
    while (isField()) this.next();
  }
}

/** The simple escapes, which JSON has, too. Names with others are left as they are written. */
function unquote(text: string): string {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}

const unexpected = ({ text }: Token, context: string): TemplateMistake =>
  new TemplateMistake(`unexpected ${text} in ${context}`);
