import type { LRParser } from "@lezer/lr";

/** Position and text of a syntax error, or undefined if the query is well-formed. */
export function grammarError(parser: LRParser, query: string): string | undefined {
  let error: string | undefined;
  parser.parse(query).iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined) {
        error = `at ${node.from}: ${query.slice(node.from, node.from + 20) || "(end)"}`;
      }
    },
  });
  return error;
}
