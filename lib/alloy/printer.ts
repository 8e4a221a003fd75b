import { type Block, expressionOf, matchExpression, type Value } from "./syntax.ts";

/** Longer lists and maps are written with one value per line. */
const lineWidth = 100;

/** An Alloy configuration file: blocks in the given order, with an empty line between components. */
export function printAlloy(blocks: readonly Block[]): string {
  return blocks.map((each) => printBlock(each, "")).join("\n");
}

function printBlock({ name, label, attributes, blocks }: Block, indent: string): string {
  const head = `${indent}${name}${label === undefined ? "" : ` ${quote(label)}`}`;
  const inner = `${indent}\t`;
  const width = Math.max(0, ...Object.keys(attributes).map((key) => key.length));
  const lines = Object.entries(attributes).map(
    ([key, value]) => `${inner}${key.padEnd(width)} = ${printValue(value, inner)}\n`,
  );
  const children = blocks.map((each) => (typeof each === "string" ? `${each.trim()}\n` : printBlock(each, inner)));
  if (lines.length + children.length === 0) return `${head} { }\n`;
  const gap = lines.length > 0 && children.length > 0 ? "\n" : "";
  return `${head} {\n${lines.join("")}${gap}${children.join("\n")}${indent}}\n`;
}

function printValue(value: Value, indent: string): string {
  const special = expressionOf(value);
  if (special) {
    return matchExpression(special, {
      reference: (path) => path,
      call: (name, args) => `${name}(${args.map((each) => printValue(each, indent)).join(", ")})`,
      concatenation: (parts) => parts.map((each) => printValue(each, indent)).join(" + "),
    });
  }
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return printNumber(value);
  if (typeof value === "boolean" || value === null) return String(value);
  if (isList(value)) return enclose("[", value, (each, inner) => printValue(each, inner), "]", indent);
  return enclose(
    "{",
    Object.entries(value),
    ([key, each], inner) => `${quote(key)} = ${printValue(each as Value, inner)}`,
    "}",
    indent,
  );
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

function enclose<T>(
  open: string,
  items: readonly T[],
  print: (item: T, indent: string) => string,
  close: string,
  indent: string,
): string {
  const line = `${open}${items.map((each) => print(each, indent)).join(", ")}${close}`;
  if (line.length <= lineWidth && !line.includes("\n")) return line;
  const inner = `${indent}\t`;
  return `${open}\n${items.map((each) => `${inner}${print(each, inner)},\n`).join("")}${indent}${close}`;
}

/**
 * Alloy uses Go's escapes, which include those of JSON except for lone surrogates: these are not characters in Go and are
 * replaced by U+FFFD.
 */
function quote(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`not a number of the Alloy syntax: ${value}`);
  return String(value);
}
