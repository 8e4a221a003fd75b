import { type Finding, InvalidPropsError } from "../lib/sizing/index.ts";
import type { CheckedStack } from "./checks.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { snippet } from "./snippet.ts";

/** Where a chart's prop stands in the stack file: the start of the prop's path, and the key it comes from. */
const places: readonly (readonly [start: string, path: readonly string[]])[] = [
  ["retention.mimir", ["retention", "mimir"]],
  ["retention.archive", ["retention", "archive"]],
  ["retention.aggregates", ["retention", "aggregates"]],
  ["retention.loki", ["retention", "loki"]],
  ["retention.traces", ["retention", "traces"]],
  ["retention.prometheus", ["retention", "prometheus"]],
  ["cluster.zones", ["cluster", "zones"]],
  ["cluster.platform", ["cluster", "platform"]],
  ["objectStore.lifecycle", ["components", "*", "bucketLifecycle"]],
  ["bucketLifecycle", ["components", "*", "bucketLifecycle"]],
  ["objectStore", ["objectStorage"]],
  ["tailSampling.decisionWaitSeconds", ["components", "*", "tailSampling", "decisionWait"]],
  ["tailSampling.latencyThresholdMs", ["components", "*", "tailSampling", "latencyThreshold"]],
  ["mode", ["components", "*", "mode"]],
  ["bucket", ["objectStorage", "prefix"]],
  ["traces.", ["components", "traces"]],
  ["workloads.alertmanager.", ["components", "alertmanager"]],
  ["workloads.node-exporter.", ["components", "nodeExporter"]],
  ["defaults.", ["defaults"]],
  ["federatedTenants", ["tenants"]],
  ["alertOverrides.", ["alerts", "rules"]],
];

/** Props that the stack passes to every component's chart. */
export function sharedProps({ props, workload, retention }: CheckedStack) {
  const { cluster, availability, evaluator, namespaces, defaults } = props;
  const shared = { namespace: namespaces.stack, cluster, availability, evaluator, workload, retention };
  return { ...shared, ...(defaults && { defaults }) };
}

/** The findings of a component's charts as problems of the stack file. @param component key under `skopos:components` */
export function problemsOfComponent(component: string, findings: readonly Finding[]): readonly Problem[] {
  return findings.map((finding) => problemOf(component, finding));
}

/** Runs what makes charts. @throws ConfigurationError instead of the error of a chart with invalid props */
export function orProblems<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof InvalidPropsError)) throw error;
    throw new ConfigurationError(problemsOfComponent(keyOf(error.component), error.findings));
  }
}

/** A chart's key under `skopos:components`: `LokiChart` is `loki`. */
function keyOf(chart: string): string {
  const name = chart.replace(/Chart$/, "");
  return name === "KubePrometheus" ? "prometheus" : name.charAt(0).toLowerCase() + name.slice(1);
}

function problemOf(component: string, { code, at, message, fix }: Finding): Problem {
  const [start, path] = places.find(([prefix]) => at.startsWith(prefix)) ?? ["", ["components", component]];
  if (/^(alerts|patches|extra)\./.test(at))
    return { code, path: `skopos:${at}`, message, fix: pasteable(at.split("."), [], fix) };
  const holder = path.map((key) => (key === "*" ? component : key));
  // A start that ends with a dot is a holder: what follows stands in it.
  const rest = start
    ? start.endsWith(".") && start !== "traces."
      ? at.slice(start.length).split(".")
      : []
    : at.split(".").filter((key) => key !== "");
  const place = [...holder, ...rest];
  return { code, path: `skopos:${place.join(".")}`, message, fix: pasteable(place, holder, fix) };
}

/** A fix as YAML: a value goes to its place, keys go below their holder, and advice in words is a comment. */
function pasteable(place: readonly string[], holder: readonly string[], fix: string): string {
  if (fix.startsWith("#")) return fix;
  if (/^\S+$/.test(fix) || /^[[{].*[\]}]$/.test(fix)) return snippet(place, fix);
  if (!/^\w+:\s/.test(fix)) return `# ${snippet(place, fix).replaceAll("\n", "\n# ")}`;
  const lines = fix.split("\n").map((line) => "  ".repeat(holder.length) + line);
  return [snippet(holder, ""), ...lines].map((line) => line.trimEnd()).join("\n");
}
