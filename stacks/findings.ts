import type { Finding } from "../lib/sizing/index.ts";
import type { CheckedStack } from "./checks.ts";
import type { Problem } from "./problem.ts";
import { snippet } from "./snippet.ts";

/** Where a chart's prop stands in the stack file: the start of the prop's path, and the key it comes from. */
const places: readonly (readonly [start: string, path: readonly string[]])[] = [
  ["retention.mimir", ["retention", "mimir"]],
  ["retention.aggregates", ["retention", "aggregates"]],
  ["retention.loki", ["retention", "loki"]],
  ["retention.traces", ["retention", "traces"]],
  ["cluster.zones", ["cluster", "zones"]],
  ["objectStore.lifecycle", ["components", "*", "bucketLifecycle"]],
  ["bucketLifecycle", ["components", "*", "bucketLifecycle"]],
  ["objectStore", ["objectStorage"]],
  ["bucket", ["objectStorage", "prefix"]],
  ["traces.", ["components", "traces"]],
];

/** Props that the stack passes to every component's chart. */
export function sharedProps({ props, workload, retention }: CheckedStack) {
  const { cluster, availability, evaluator, namespaces } = props;
  return { namespace: namespaces.stack, cluster, availability, evaluator, workload, retention };
}

/** The findings of a component's charts as problems of the stack file. @param component key under `skopos:components` */
export function problemsOfComponent(component: string, findings: readonly Finding[]): readonly Problem[] {
  return findings.map((finding) => problemOf(component, finding));
}

function problemOf(component: string, { code, at, message, fix }: Finding): Problem {
  const [start, path] = places.find(([prefix]) => at.startsWith(prefix)) ?? ["", ["components", component]];
  const full = path.map((key) => (key === "*" ? component : key));
  const rest = at.slice(start.length).replace(/^\./, "");
  const place = rest && !start ? `${full.join(".")}.${rest}` : full.join(".");
  return { code, path: `skopos:${place}`, message, fix: pasteable(full, fix) };
}

/** A fix as YAML: a value goes to its place, keys below it, and advice in words becomes a comment. */
function pasteable(path: readonly string[], fix: string): string {
  if (/^\S+$/.test(fix) || /^[[{].*[\]}]$/.test(fix)) return snippet(path, fix);
  if (!/^\w+: /.test(fix)) return `${snippet(path, "...")}  # ${fix}`;
  const lines = fix.split("\n").map((line) => "  ".repeat(path.length) + line);
  return [snippet(path, ""), ...lines].map((line) => line.trimEnd()).join("\n");
}
