import { parser } from "@prometheus-io/lezer-promql";
import { grammarError } from "./grammar.ts";

/** Place and text of what the grammar could not read, or undefined where the query is well-formed. */
export function promqlError(query: string): string | undefined {
  return grammarError(parser, query);
}

/** A query that was read by the real grammar. @throws SyntaxError with the place of the mistake */
export function promql(query: string): string {
  const error = promqlError(query);
  if (error !== undefined) throw new SyntaxError(`not PromQL: ${query}\n  ${error}`);
  return query;
}
