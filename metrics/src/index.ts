export {
  type Catalogue,
  defineMetrics,
  type InstrumentOf,
  type InstrumentsOf,
  type LabelsOf,
} from "./definition/catalogue.ts";
export { checkSpec, FORBIDDEN_LABELS, type SpecRules } from "./definition/check.ts";
export {
  type Aggregate,
  DEFAULT_BUCKETS,
  type LabelSpec,
  type LabelSpecs,
  METRIC_TYPES,
  type MetricSpec,
  type MetricType,
} from "./definition/definition.ts";
export type { NamingExceptions, NamingRule, NamingRules } from "./definition/naming.ts";
export { sampleNames } from "./definition/sample-names.ts";
export { MetricsError, type Problem } from "./errors.ts";
export { type Escaping, escapeName } from "./exposition/names.ts";
export { type Format, type FormatName, formatFor, negotiate } from "./exposition/negotiate.ts";
export { type Filter, Renderer } from "./exposition/renderer.ts";
export type { Counter, CounterHandle } from "./instruments/counter.ts";
export type { ExponentialHandle, ExponentialHistogram } from "./instruments/exponential.ts";
export type { Gauge, GaugeHandle } from "./instruments/gauge.ts";
export type { Handle } from "./instruments/handle.ts";
export type { Histogram, HistogramHandle, Observer } from "./instruments/histogram.ts";
export type { Info } from "./instruments/info.ts";
export { type Instrument, OVERFLOW_VALUE } from "./instruments/instrument.ts";
export type { LabelInput, LabelValue } from "./instruments/label-values.ts";
export type { StateSet, StateSetHandle } from "./instruments/stateset.ts";
export type { Summary, SummaryHandle } from "./instruments/summary.ts";
export type { Timer } from "./instruments/timer.ts";
export { type ProcessMetrics, type ProcessMetricsOptions, recordProcessMetrics } from "./process/record.ts";
export { type Finding, lint } from "./registry/lint.ts";
export type { ExemplarLabels } from "./registry/recorder.ts";
export { type Collector, Registry, type RegistryOptions, type SharedRegistry } from "./registry/registry.ts";
export { sharedRegistry } from "./registry/workers.ts";
export type { AuthOptions } from "./server/auth.ts";
export type { HealthCheck, HealthOptions, HealthReport, Probe } from "./server/health.ts";
export { type MetricsServer, type ServeOptions, serve } from "./server/serve.ts";
