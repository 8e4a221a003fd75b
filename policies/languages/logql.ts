import { parser } from "@grafana/lezer-logql";

const macros = /\$__(?:rate_interval|interval|range|auto)\b/g;

/** Where a query is no LogQL, or undefined. */
export function logqlError(text: string): string | undefined {
  let error: string | undefined;
  parser.parse(text.replaceAll(macros, "1m")).iterate({
    enter: (node) => {
      if (node.type.isError && error === undefined)
        error = `at ${node.from}: ${text.slice(node.from, node.from + 20) || "(end)"}`;
    },
  });
  return error;
}

/** Labels by which a LogQL query groups. */
export function logqlGroupings(text: string): readonly string[] {
  return [...text.matchAll(/\bby\s*\(([^)]*)\)/g)]
    .flatMap(([, names]) => (names as string).split(",").map((name) => name.trim()))
    .filter(Boolean);
}
