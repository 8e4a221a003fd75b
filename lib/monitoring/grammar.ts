import type { Tree } from "@lezer/common";
import type { LRParser } from "@lezer/lr";

/** Most trees kept for each parser; a stack has about 1,500 queries. */
const kept = 8_192;

const trees = new WeakMap<LRParser, Map<string, Tree>>();

/**
 * The syntax tree of a query. Trees are kept, because an alert's expression is parsed several times (its grammar, threshold
 * and series), and parsing takes a third of the time that it takes to render a stack.
 */
export function syntaxTree(parser: LRParser, query: string): Tree {
  const known = trees.get(parser) ?? new Map<string, Tree>();
  trees.set(parser, known);
  const found = known.get(query);
  if (found) return found;
  if (known.size >= kept) known.clear();
  const tree = parser.parse(query);
  known.set(query, tree);
  return tree;
}

/** Position and text of a syntax error, or undefined if the query is well-formed. */
export function grammarError(parser: LRParser, query: string): string | undefined {
  let error: string | undefined;
  syntaxTree(parser, query).iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined) {
        error = `at ${node.from}: ${query.slice(node.from, node.from + 20) || "(end)"}`;
      }
    },
  });
  return error;
}
