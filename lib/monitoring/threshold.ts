import type { SyntaxNode } from "@lezer/common";
import type { LRParser } from "@lezer/lr";
import { syntaxTree } from "./grammar.ts";

/** Names of nodes that only wrap another one. */
const wrappers: ReadonlySet<string> = new Set(["PromQL", "LogQL", "Expr", "MetricExpr", "ParenExpr"]);
/** Names of binary operations, in PromQL and LogQL. */
const operations: ReadonlySet<string> = new Set(["BinaryExpr", "BinOpExpr"]);
/** Names of literal numbers, in PromQL and LogQL. */
const literals: ReadonlySet<string> = new Set(["NumberDurationLiteral", "LiteralExpr"]);
/** Comparisons with a limit; `==` and `!=` compare with a state. */
const limits: ReadonlySet<string> = new Set(["Gtr", "Gte", "Lss", "Lte"]);

interface Operation {
  readonly left: SyntaxNode;
  readonly operator: string;
  readonly right: SyntaxNode;
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

function unwrapped(node: SyntaxNode): SyntaxNode {
  return wrappers.has(node.name) && node.firstChild ? unwrapped(node.firstChild) : node;
}

function operationOf(node: SyntaxNode): Operation | undefined {
  if (!operations.has(node.name)) return undefined;
  const [left, operator, ...rest] = childrenOf(node);
  const right = rest.at(-1);
  return left && operator && right && { left: unwrapped(left), operator: operator.name, right };
}

/** Whether a node is a number: a literal, or arithmetic of literals such as `4 * 3600`. */
function isConstant(wrapped: SyntaxNode): boolean {
  const node = unwrapped(wrapped);
  if (literals.has(node.name)) return true;
  if (node.name === "UnaryExpr") return node.lastChild !== null && isConstant(node.lastChild);
  const operation = operationOf(node);
  return operation !== undefined && isConstant(operation.left) && isConstant(operation.right);
}

/** The numbers that decide whether an alert fires. What follows `and` or `unless` only narrows down the series on the left. */
function thresholdNodes(node: SyntaxNode): readonly SyntaxNode[] {
  const operation = operationOf(node);
  if (!operation) return [];
  const { left, operator, right } = operation;
  if (limits.has(operator)) return isConstant(right) ? [right] : [];
  if (operator === "And" || operator === "Unless") return thresholdNodes(left);
  if (operator !== "Or") return [];
  const [first, second] = [thresholdNodes(left), thresholdNodes(unwrapped(right))];
  return first.length > 0 && second.length > 0 ? [...first, ...second] : [];
}

/**
 * An alert's expression with another threshold, or undefined if it has none: no comparison with a number, or several with
 * different ones.
 */
export function withThreshold(query: string, threshold: number, parser: LRParser): string | undefined {
  const nodes = thresholdNodes(unwrapped(syntaxTree(parser, query).topNode));
  const found = new Set(nodes.map(({ from, to }) => query.slice(from, to)));
  if (found.size !== 1) return undefined;
  // From the end, so that positions stay valid.
  return nodes.reduceRight((text, { from, to }) => `${text.slice(0, from)}${threshold}${text.slice(to)}`, query);
}
