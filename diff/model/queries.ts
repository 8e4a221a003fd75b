import { parser as logql } from "@grafana/lezer-logql";
import { parser as traceql } from "@grafana/lezer-traceql";
import type { LRParser } from "@lezer/lr";
import { parser as promql } from "@prometheus-io/lezer-promql";

/** Fields whose text is a query in one of the three languages. */
const queryFields: ReadonlySet<string> = new Set(["expr", "query", "definition", "rawQuery"]);

/** Whether a field of this name holds a query. */
export const isQueryField = (field: string): boolean => queryFields.has(field);

const parsers = [promql, logql, traceql] as unknown as readonly LRParser[];

/** Longest text that is read as a query. */
const longest = 100_000;

/** Whether two queries are the same but for white space and comments, by the first grammar that reads both. */
export function sameQuery(a: string, b: string): boolean {
  if (a.length > longest || b.length > longest) return false;
  for (const parser of parsers) {
    const left = tokensOf(parser, a);
    const right = left && tokensOf(parser, b);
    if (left && right) return left.length === right.length && left.every((token, index) => token === right[index]);
  }
  return false;
}

/** The tokens of a query without white space and comments, or undefined where the grammar cannot read it. */
function tokensOf(parser: LRParser, query: string): readonly string[] | undefined {
  const tokens: string[] = [];
  let broken = false;
  let end = 0;
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError) broken = true;
      if (node.node.firstChild !== null) return;
      // What no node covers is punctuation: it counts, white space does not.
      tokens.push(query.slice(end, node.from).replace(/\s+/g, ""));
      if (!node.name.endsWith("Comment")) tokens.push(query.slice(node.from, node.to));
      end = node.to;
    },
  });
  tokens.push(query.slice(end).replace(/\s+/g, ""));
  return broken ? undefined : tokens.filter((token) => token !== "");
}

/** A number that a PromQL expression compares with, and its counterpart. */
export interface ThresholdChange {
  readonly operator: string;
  readonly before: number;
  readonly after: number;
}

/**
 * The thresholds that differ between two PromQL expressions, or undefined where anything else differs too. With `unless`
 * a higher threshold may let more or less through, so nothing is said of such expressions.
 */
export function thresholdChanges(before: string, after: string): readonly ThresholdChange[] | undefined {
  const [left, right] = [tokensOf(parsers[0]!, before), tokensOf(parsers[0]!, after)];
  if (!left || !right || left.length !== right.length || left.includes("unless")) return undefined;
  const changes: ThresholdChange[] = [];
  for (const [index, token] of left.entries()) {
    const other = right[index]!;
    if (token === other) continue;
    const operator = left[index - 1] ?? "";
    const numbers = [Number(token), Number(other)] as const;
    if (!/^(>=?|<=?)$/.test(operator) || numbers.some(Number.isNaN)) return undefined;
    changes.push({ operator, before: numbers[0], after: numbers[1] });
  }
  return changes;
}

/** Whether a threshold became harder (`looser`) or easier (`tighter`) to cross. */
export function direction({ operator, before, after }: ThresholdChange): "looser" | "tighter" {
  return operator.startsWith(">") === after > before ? "looser" : "tighter";
}
