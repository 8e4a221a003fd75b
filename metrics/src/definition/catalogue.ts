import { type Problem, throwIfAny } from "../errors.ts";
import type { Counter, CounterHandle } from "../instruments/counter.ts";
import type { ExponentialHandle, ExponentialHistogram } from "../instruments/exponential.ts";
import type { Gauge, GaugeHandle } from "../instruments/gauge.ts";
import type { Histogram, HistogramHandle } from "../instruments/histogram.ts";
import type { Info } from "../instruments/info.ts";
import type { LabelValue } from "../instruments/label-values.ts";
import type { StateSet, StateSetHandle } from "../instruments/stateset.ts";
import type { Summary, SummaryHandle } from "../instruments/summary.ts";
import { checkSpec, type SpecRules } from "./check.ts";
import type { LabelSpec, MetricSpec } from "./definition.ts";

/** Metrics by the name they have in code. */
export type Catalogue = Readonly<Record<string, MetricSpec>>;

/** What the labels of a specification accept: one of the allowed values, or anything that has a text. */
export type LabelsOf<S extends MetricSpec> = S extends { readonly labels: infer L }
  ? { readonly [K in keyof L]: ValueOf<L[K]> }
  : Record<never, never>;
type ValueOf<V> = V extends LabelSpec ? (V extends readonly (infer Allowed)[] ? Allowed : LabelValue) : never;

type IsLabelled<S extends MetricSpec> = S extends { readonly labels: infer L }
  ? keyof L extends never
    ? false
    : true
  : false;
type StatesOf<S extends MetricSpec> = S extends { readonly states: readonly (infer State extends string)[] }
  ? State
  : string;
type ByLabels<S extends MetricSpec, Labelled, Single> = IsLabelled<S> extends true ? Labelled : Single;

/** What records a specification's metric: with labels an instrument, without labels the single series' handle. */
export type InstrumentOf<S extends MetricSpec> = {
  counter: ByLabels<S, Counter<LabelsOf<S>>, CounterHandle>;
  gauge: ByLabels<S, Gauge<LabelsOf<S>>, GaugeHandle>;
  histogram: ByLabels<S, Histogram<LabelsOf<S>>, HistogramHandle>;
  exponential_histogram: ByLabels<S, ExponentialHistogram<LabelsOf<S>>, ExponentialHandle>;
  summary: ByLabels<S, Summary<LabelsOf<S>>, SummaryHandle>;
  info: Info<LabelsOf<S>>;
  stateset: ByLabels<S, StateSet<LabelsOf<S>, StatesOf<S>>, StateSetHandle<StatesOf<S>>>;
}[S["type"]];

/** What records each metric of a catalogue. */
export type InstrumentsOf<C extends Catalogue> = { readonly [K in keyof C]: InstrumentOf<C[K]> };

/**
 * Checks a catalogue of metrics and gives it back with its exact type, as plain data: recorders, dashboards, tests and docs all
 * read this one definition. `registry.register(catalogue)` makes what records them.
 * @throws MetricsError with every problem of every metric
 */
export function defineMetrics<const C extends Catalogue>(catalogue: C, rules: SpecRules = {}): C {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [key, spec] of Object.entries(catalogue)) {
    problems.push(...checkSpec(spec, rules));
    const other = seen.get(spec.name);
    if (other) {
      const why = `${other} and ${key} define it.`;
      problems.push({ code: "METRIC_REDEFINED", path: spec.name, why, fix: "Define a metric once." });
    }
    seen.set(spec.name, key);
  }
  throwIfAny(problems);
  return Object.freeze(catalogue);
}
