import type { ObjectStore } from "../lib/kubernetes/index.ts";
import type { Evaluator } from "../lib/monitoring/rules.ts";
import type { Retention, Workload } from "../lib/sizing/index.ts";
import type { StackConfig } from "./schema.ts";

/** What the props of every component are derived from. */
export interface Facts {
  readonly config: StackConfig;
  readonly workload: Workload;
  readonly retention: Retention;
  /** Who evaluates rules that are not about Prometheus itself. */
  readonly evaluator: Evaluator;
  readonly objectStore: ObjectStore;
  /** Prefix of every bucket name. */
  readonly bucketPrefix: string;
}

/** From this many series on, Mimir answers queries and evaluates rules, and Prometheus is a short buffer in front of it. */
const seriesForRuler = 10_000_000;

/** Derives the facts of a configuration. */
export function factsOf(given: Pick<Facts, "config" | "workload" | "retention">): Facts {
  const { mimir } = given.config.components;
  const ruled = mimir.enabled && !mimir.external && given.workload.activeSeries >= seriesForRuler;
  return { ...given, evaluator: ruled ? "mimir" : "prometheus", ...objectStoreOf(given.config) };
}

function objectStoreOf({ objectStorage }: StackConfig): Pick<Facts, "objectStore" | "bucketPrefix"> {
  if (objectStorage.kind === "filesystem") return { objectStore: { kind: "filesystem" }, bucketPrefix: "" };
  const { prefix, ...objectStore } = objectStorage;
  return { objectStore: withoutUndefined(objectStore), bucketPrefix: prefix };
}

/** An object without the keys whose value is undefined: an option that is not set must not override a default. */
export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
