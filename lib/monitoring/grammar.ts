import type { LRParser } from "@lezer/lr";

/** Place and text of what a grammar could not read, or undefined where the query is well-formed. */
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
