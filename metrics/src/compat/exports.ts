// Everything that prom-client exports, under its names.

export { AggregatorFactory, aggregators } from "./aggregators.ts";
export { exponentialBuckets, linearBuckets } from "./buckets.ts";
export { AggregatorRegistry } from "./cluster.ts";
export {
  OPENMETRICS as openMetricsContentType,
  PROMETHEUS as prometheusContentType,
  PROMETHEUS as contentType,
} from "./content-types.ts";
export { Counter, type CounterConfiguration } from "./counter.ts";
export { collectDefaultMetrics, type DefaultMetricsCollectorConfiguration } from "./default-metrics.ts";
export { Gauge, type GaugeConfiguration } from "./gauge.ts";
export { Histogram, type HistogramConfiguration } from "./histogram.ts";
export { type MetricConfiguration, validateMetricName } from "./metric.ts";
export { Pushgateway } from "./pushgateway.ts";
export { type Metric, Registry, register } from "./registry.ts";
export { Summary, type SummaryConfiguration } from "./summary.ts";
export type * from "./types.ts";
