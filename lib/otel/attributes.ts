import { labelLimits } from "../kubernetes/index.ts";

/** Statements of a `transform` processor that run in one context. */
export interface StatementGroup {
  readonly context: "resource" | "span" | "datapoint" | "log";
  readonly statements: readonly string[];
}

/** Statements for each signal, in the order in which they run. */
export interface Statements {
  readonly trace: readonly StatementGroup[];
  readonly metric: readonly StatementGroup[];
  readonly log: readonly StatementGroup[];
}

type Attributes = `${StatementGroup["context"]}.attributes`;

/**
 * Attributes that name a machine's or a process's insides: command lines may contain passwords, and process IDs make a new series
 * of every restart. Of `process.*`, `process.runtime.name` and `process.runtime.version` are kept: the third alternative matches
 * what does not begin with `ru`, the fourth what does not begin with `runtime.n` or `runtime.v`. Go's expressions have no look-ahead.
 */
const unwanted = [
  "db\\.connection_string",
  "os\\..+",
  "process\\.([^r].*|r[^u].*)",
  "process\\.runtime\\.[^nv].*",
].join("|");

const without = (attributes: Attributes): string =>
  `delete_matching_keys(${attributes}, ${JSON.stringify(`^(${unwanted})$`)})`;

/** Attributes that are kept when a resource has more than it may have. */
const identity = ["service.name", "service.namespace", "service.instance.id", "service.version"].concat(
  ["cluster.name", "namespace.name", "node.name", "pod.name", "pod.uid", "container.name"].map((name) => `k8s.${name}`),
);

/** Attribute, and as a label `skopos_attributes_cut`, of resources and data points of which something was cut. */
const cutAttribute = "skopos.attributes.cut";

/**
 * Keeps names, values and their number within what a scrape accepts: one label too long or too many would fail the scrape of every
 * other application too. What was cut carries {@link cutAttribute}.
 */
function within(context: "resource" | "datapoint", most: number): string[] {
  const attributes = `${context}.attributes`;
  const before = `${context}.cache["length"]`;
  const length = `Len(String(${attributes}))`;
  return [
    `set(${before}, ${length})`,
    `delete_matching_keys(${attributes}, "^.{${labelLimits.nameBytes},}$")`,
    `truncate_all(${attributes}, ${labelLimits.valueBytes})`,
    `limit(${attributes}, ${most}, ${context === "resource" ? JSON.stringify(identity) : "[]"})`,
    `set(${attributes}["${cutAttribute}"], "true") where ${length} < ${before}`,
  ];
}

/** What agents, Alloy and gateways do to attributes, in `transform/clean-attrs`. */
export const cleanAttributes: Statements = {
  trace: [
    { context: "resource", statements: [without("resource.attributes")] },
    { context: "span", statements: [without("span.attributes")] },
  ],
  metric: [
    {
      context: "resource",
      statements: [without("resource.attributes"), ...within("resource", labelLimits.resourceAttributes)],
    },
    {
      context: "datapoint",
      statements: [without("datapoint.attributes"), ...within("datapoint", labelLimits.pointAttributes)],
    },
  ],
  log: [
    { context: "resource", statements: [without("resource.attributes")] },
    { context: "log", statements: [without("log.attributes")] },
  ],
};

/** The settings of a collector's `transform` processor. A statement that fails leaves the attributes as they are. */
export function transform({ trace, metric, log }: Statements): object {
  return { error_mode: "ignore", trace_statements: trace, metric_statements: metric, log_statements: log };
}
