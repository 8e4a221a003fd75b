/** Metric types, in OpenMetrics' words; an exponential histogram is what Prometheus calls native. */
export const METRIC_TYPES = [
  "counter",
  "gauge",
  "histogram",
  "exponential_histogram",
  "summary",
  "info",
  "stateset",
] as const;
export type MetricType = (typeof METRIC_TYPES)[number];

/**
 * How the values that several threads `set` for one series become one:
 * `sum` adds them, `min` and `max` choose, `last` keeps the latest `set`, `per-thread` keeps them apart under a label `thread`.
 */
export const AGGREGATES = ["sum", "last", "min", "max", "per-thread"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/**
 * What a label may hold: a list of the allowed values, `"any"` text, or `"hashed"`: an identifier that is exported only as a
 * keyed hash (see `RegistryOptions.hashKey`).
 */
export type LabelSpec = readonly string[] | "any" | "hashed";
export type LabelSpecs = Readonly<Record<string, LabelSpec>>;

/** One metric, written once: recorder handles, exposition, queries, cardinality estimates and docs come from it. */
export interface MetricSpec {
  /** As exposed: snake_case; counters end in `_total`; the unit comes last (before `_total`). */
  readonly name: string;
  readonly type: MetricType;
  /** One sentence for whoever meets the metric in a query. */
  readonly help: string;
  /** Base unit, e.g. `seconds`, `bytes`, `ratio`. The name must end in it. Timers convert to it. @default none */
  readonly unit?: string;
  /** @default no labels: the metric is then one series and its own handle */
  readonly labels?: LabelSpecs;
  /** How many series it should have; a lint warns when there are more. @default the product of the allowed values */
  readonly expectedSeries?: number;
  /** Upper bounds of a classic histogram, ascending, without +Inf. @default {@link DEFAULT_BUCKETS}, in milliseconds where the metric is */
  readonly buckets?: readonly number[];
  /** Exponential histogram: most growth from one bucket bound to the next. @default 1.1 */
  readonly bucketFactor?: number;
  /** Exponential histogram: most buckets on each side of zero before the resolution is halved. @default 160 */
  readonly maxBuckets?: number;
  /** Quantiles of a summary, each in 0..1. @default 0.5, 0.9, 0.95, 0.99 */
  readonly quantiles?: readonly number[];
  /** Summary: quantiles cover only the last so many seconds. @default the whole life of the series */
  readonly maxAgeSeconds?: number;
  /** Summary: in how many steps the window moves. @default 5 */
  readonly ageBuckets?: number;
  /** Gauge: how several threads' values become one. @default "sum" */
  readonly aggregate?: Aggregate;
  /** StateSet: its states, one series each. */
  readonly states?: readonly string[];
  /** Keep one exemplar a counter or bucket, from the active trace or given with the observation. @default false */
  readonly exemplars?: boolean;
  /**
   * A series not recorded to for so long is no longer exposed, and starts from zero when it is used again. Not for gauges that are
   * counted up and down: what is still in flight would be forgotten. @default the registry's `idleExpirySeconds`
   */
  readonly idleExpirySeconds?: number;
  /** Also exposed alone under `/metrics/<group>`. @default none */
  readonly group?: string;
}

/**
 * Buckets in seconds for requests over a network, from 5 ms to 10 s: the default of Prometheus' client libraries
 * (https://github.com/prometheus/client_golang/blob/main/prometheus/histogram.go, `DefBuckets`).
 */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DEFAULT_QUANTILES: readonly number[] = [0.5, 0.9, 0.95, 0.99];

/** The same in milliseconds. */
const MILLISECOND_BUCKETS: readonly number[] = DEFAULT_BUCKETS.map((bound) => bound * 1000);

/** Whether a metric is measured in milliseconds. */
export const isInMilliseconds = ({ name, unit }: { readonly name: string; readonly unit?: string }): boolean =>
  unit === "ms" || unit === "milliseconds" || /_(ms|milliseconds)$/.test(name);

/** A specification with every default filled in. Plain data: threads publish it to each other as JSON. */
export interface Definition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  /** Label names in the order of exposition: sorted by code unit, so that no locale matters. */
  readonly labels: readonly string[];
  /** For each label, what it may hold. */
  readonly labelSpecs: readonly LabelSpec[];
  readonly expectedSeries: number | null;
  readonly buckets: readonly number[];
  readonly bucketFactor: number;
  readonly maxBuckets: number;
  readonly quantiles: readonly number[];
  readonly maxAgeSeconds: number;
  readonly ageBuckets: number;
  readonly aggregate: Aggregate;
  readonly states: readonly string[];
  readonly exemplars: boolean;
  /** 0: never. */
  readonly idleExpirySeconds: number;
  readonly group: string;
  /** False for the registry's own metrics, which have to be recorded also when it is full. */
  readonly limited: boolean;
}

/** Fills in the defaults of a specification that has passed `checkSpec`. */
export function toDefinition(spec: MetricSpec, idleExpirySeconds = 0, limited = true): Definition {
  const labels = Object.keys(spec.labels ?? {}).sort();
  return {
    name: spec.name,
    type: spec.type,
    help: spec.help,
    unit: spec.unit ?? "",
    labels,
    labelSpecs: labels.map((label) => spec.labels![label]!),
    expectedSeries: spec.expectedSeries ?? productOfAllowed(spec.labels),
    buckets:
      spec.type === "histogram"
        ? [...(spec.buckets ?? (isInMilliseconds(spec) ? MILLISECOND_BUCKETS : DEFAULT_BUCKETS))]
        : [],
    bucketFactor: spec.bucketFactor ?? 1.1,
    maxBuckets: spec.maxBuckets ?? 160,
    quantiles: spec.type === "summary" ? [...(spec.quantiles ?? DEFAULT_QUANTILES)] : [],
    maxAgeSeconds: spec.maxAgeSeconds ?? 0,
    ageBuckets: spec.maxAgeSeconds === undefined ? 1 : (spec.ageBuckets ?? 5),
    aggregate: spec.aggregate ?? (spec.type === "stateset" || spec.type === "info" ? "max" : "sum"),
    states: [...(spec.states ?? [])],
    exemplars: spec.exemplars ?? false,
    idleExpirySeconds: labels.length === 0 ? 0 : (spec.idleExpirySeconds ?? idleExpirySeconds),
    limited,
    group: spec.group ?? "",
  };
}

function productOfAllowed(labels: LabelSpecs = {}): number | null {
  let product = 1;
  for (const allowed of Object.values(labels)) {
    if (typeof allowed === "string") return null;
    product *= allowed.length;
  }
  return product;
}
