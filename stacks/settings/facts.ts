import type { ObjectStore } from "../../lib/kubernetes/index.ts";
import type { Evaluator } from "../../lib/monitoring/rules.ts";
import type { Retention, Workload } from "../../lib/sizing/index.ts";
import type { StackConfig } from "../schema.ts";

/** What every component's settings are worked out from. */
export interface Facts {
  readonly config: StackConfig;
  readonly workload: Workload;
  readonly retention: Retention;
  /** Who evaluates rules. */
  readonly evaluator: Evaluator;
  readonly objectStore: ObjectStore;
  /** Start of every bucket's name. */
  readonly bucketPrefix: string;
}

/** From this many series on Mimir answers queries and evaluates rules, and Prometheus is a short buffer in front of it. */
const seriesForRuler = 10_000_000;

/** The facts of a configuration. */
export function factsOf(config: StackConfig, workload: Workload, retention: Retention): Facts {
  const { mimir } = config.components;
  const ruled = mimir.enabled && !mimir.external && workload.activeSeries >= seriesForRuler;
  const { objectStorage } = config;
  if (objectStorage.kind === "filesystem") {
    const objectStore = { kind: "filesystem" } as const;
    return { config, workload, retention, evaluator: ruled ? "mimir" : "prometheus", objectStore, bucketPrefix: "" };
  }
  const { prefix, ...objectStore } = objectStorage;
  return {
    config,
    workload,
    retention,
    evaluator: ruled ? "mimir" : "prometheus",
    objectStore: withoutUndefined(objectStore),
    bucketPrefix: prefix,
  };
}

/** An object without the keys whose value is undefined: an option that is not stated must not override a default. */
export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
