import { parsePlace } from "../lib/formats/index.ts";
import { type Finding, InvalidPropsError } from "../lib/sizing/index.ts";
import type { CheckedStack } from "./checks.ts";
import { ConfigurationError, type Problem } from "./problem.ts";
import { configPath, snippet } from "./snippet.ts";

/** Where a chart's prop stands in the stack file: the start of the prop's path, and the key it comes from. */
const places: readonly (readonly [start: string, path: readonly string[]])[] = [
  ["retention.", ["retention"]],
  ["cluster.", ["cluster"]],
  ["objectStore.lifecycle", ["components", "*", "bucketLifecycle"]],
  ["bucketLifecycle", ["components", "*", "bucketLifecycle"]],
  ["objectStore", ["objectStorage"]],
  ["tailSampling.decisionWaitSeconds", ["components", "*", "tailSampling", "decisionWait"]],
  ["tailSampling.latencyThresholdMs", ["components", "*", "tailSampling", "latencyThreshold"]],
  ["mode", ["components", "*", "mode"]],
  ["bucket", ["objectStorage", "prefix"]],
  ["workloads.alertmanager.", ["components", "alertmanager"]],
  ["workloads.node-exporter.", ["components", "nodeExporter"]],
  ["defaults.", ["defaults"]],
  ["additionalScrapes.", ["extra", "scrapes"]],
  ["additionalAlerts.", ["extra", "logAlerts"]],
  ["logOptions.stages", ["extra", "logStages"]],
  ["additions.", ["extra", "collectors", "*"]],
  ["federatedTenants.", ["tenants"]],
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
  const problem = (place: readonly PropertyKey[], holder: readonly PropertyKey[]): Problem => {
    return { code, path: configPath(place), message, fix: pasteable(place, holder, fix) };
  };
  if (/^(alerts|patches|extra)[.[]/.test(at)) return problem(parsePlace(at), []);
  const [start, path] = places.find(
    ([prefix]) => at.startsWith(prefix) || (prefix.endsWith(".") && at.startsWith(`${prefix.slice(0, -1)}[`)),
  ) ?? ["", ["components", component]];
  const holder = path.map((key) => (key === "*" ? component : key));
  // A start that ends with a dot is a holder: what follows stands in it. Any other is the place itself.
  const rest = start === "" ? at : start.endsWith(".") ? at.slice(start.length - 1) : "";
  return problem([...holder, ...parsePlace(rest)], holder);
}

/** A value as YAML on one line, with or without a comment. */
const oneValue = /^(\S+|"(?:[^"\\]|\\.)*"|[[{].*[\]}])(\s+#.*)?$/;

/** A fix as YAML: a value goes to its place, keys go below their holder, and advice in words is a comment. */
function pasteable(place: readonly PropertyKey[], holder: readonly PropertyKey[], fix: string): string {
  if (fix.startsWith("#")) return fix;
  if (oneValue.test(fix)) return snippet(place, fix);
  if (!/^\w+:\s/.test(fix)) return `# ${fix}`;
  const lines = fix.split("\n").map((line) => "  ".repeat(holder.length) + line);
  return [snippet(holder, ""), ...lines].join("\n");
}
