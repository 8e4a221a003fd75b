/** OTTL conditions of leaf spans that say nothing: an SDK's own exports, and the bare connects of client libraries. */
export const bareSpanNames: readonly string[] = [
  'IsMatch(span.name, "^opentelemetry\\\\.proto\\\\.collector\\\\.")',
  'IsMatch(span.name, "^(tcp|dns|redis|net)[.-]?(connect|lookup)$")',
];
