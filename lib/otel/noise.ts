/** OTTL: the span did not fail. Failed spans are never noise. */
const succeeded = "span.status.code != STATUS_CODE_ERROR";

/** Restricts an OTTL condition over a span to spans that did not fail. */
export const unlessFailed = (condition: string): string => `${condition} and ${succeeded}`;

/** OTTL conditions of leaf spans without information: exports of SDKs, and bare connections of client libraries. */
export const bareSpans: readonly string[] = [
  'IsMatch(span.name, "^opentelemetry\\\\.proto\\\\.collector\\\\.")',
  'IsMatch(span.name, "^(tcp|dns|redis|net)[.-]?(connect|lookup)$")',
].map(unlessFailed);
