/** Tells an expression made by {@link ref}, {@link call} or {@link concat} from a map of values. */
const expression: unique symbol = Symbol("alloy expression");

/** The value of another component, `discovery.relabel.pods.output`, or of the standard library. */
interface Reference {
  readonly [expression]: "reference";
  readonly path: string;
}

/** A call of the standard library, `sys.env("NODE_NAME")`. */
interface Call {
  readonly [expression]: "call";
  readonly function: string;
  readonly args: readonly Value[];
}

/** Strings joined by `+`. */
interface Concatenation {
  readonly [expression]: "concatenation";
  readonly parts: readonly Value[];
}

/** An expression that is not a literal. */
export type Expression = Reference | Call | Concatenation;

/** Value of an attribute: a literal, a list, a map or an expression. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [key: string]: Value; readonly [expression]?: never }
  | Expression;

/** A block: a component at the top level, or part of its settings inside. */
export interface Block {
  /** `loki.write`, `endpoint`. */
  readonly name: string;
  /** Label between name and brace. Components have one, most inner blocks do not. */
  readonly label?: string;
  readonly attributes: Readonly<Record<string, Value>>;
  /** Inner blocks. Text is printed as it is: blocks that {@link parseAlloy} reads. */
  readonly blocks: readonly (Block | string)[];
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const dotted = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

function checked(text: string, form: RegExp, what: string): string {
  if (!form.test(text)) throw new RangeError(`not ${what} of the Alloy syntax: ${JSON.stringify(text)}`);
  return text;
}

/** Refers to another component's export. @throws RangeError if the path is not identifiers joined by dots */
export function ref(path: string): Expression {
  return { [expression]: "reference", path: checked(path, dotted, "a reference") };
}

/** Calls a function of the standard library. @throws RangeError if the name is not identifiers joined by dots */
export function call(name: string, ...args: readonly Value[]): Expression {
  return { [expression]: "call", function: checked(name, dotted, "a function"), args };
}

/** Concatenates strings, some of which are only known at run time. */
export function concat(...parts: readonly Value[]): Expression {
  return { [expression]: "concatenation", parts };
}

/** A block without a label. @throws RangeError if a name is not an identifier */
export function block(name: string, attributes: Readonly<Record<string, Value>>, blocks: Block["blocks"] = []): Block {
  checked(name, dotted, "a block");
  for (const key of Object.keys(attributes)) checked(key, identifier, "an attribute");
  return { name, attributes, blocks };
}

/** A component: a block with a label, by which others refer to it. @throws RangeError if a name is not an identifier */
export function component(
  name: string,
  label: string,
  attributes: Readonly<Record<string, Value>>,
  blocks: Block["blocks"] = [],
): Block {
  return { ...block(name, attributes, blocks), label: checked(label, identifier, "a label") };
}

/** The kind of a value that is an expression, or undefined for a literal. */
export function expressionOf(value: Value): Expression | undefined {
  return typeof value === "object" && value !== null && expression in value ? (value as Expression) : undefined;
}

/** The kind of an expression. */
export function matchExpression<T>(
  value: Expression,
  cases: {
    readonly reference: (path: string) => T;
    readonly call: (name: string, args: readonly Value[]) => T;
    readonly concatenation: (parts: readonly Value[]) => T;
  },
): T {
  switch (value[expression]) {
    case "reference":
      return cases.reference(value.path);
    case "call":
      return cases.call(value.function, value.args);
    case "concatenation":
      return cases.concatenation(value.parts);
  }
}
