import { parser } from "@prometheus-io/lezer-promql";
import { grammarError } from "./grammar.ts";

/** Position and text of a syntax error, or undefined if the query is well-formed. */
export function promqlError(query: string): string | undefined {
  return grammarError(parser, query);
}

/** A query, checked by the PromQL grammar. @throws SyntaxError with the position of the error */
export function promql(query: string): string {
  const error = promqlError(query);
  if (error !== undefined) throw new SyntaxError(`not PromQL: ${query}\n  ${error}`);
  return query;
}
