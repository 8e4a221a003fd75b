export { type Aggregator, AggregatorFactory, aggregators } from "./aggregators.ts";
export { exponentialBuckets, linearBuckets } from "./buckets.ts";
export { AggregatorRegistry } from "./cluster.ts";
export { Counter, type CounterConfiguration } from "./counter.ts";
export { collectDefaultMetrics, type DefaultMetricsCollectorConfiguration } from "./default-metrics.ts";
export { Gauge, type GaugeConfiguration } from "./gauge.ts";
export {
  type LabelValues,
  type MetricConfiguration,
  type MetricObject,
  type MetricValue,
  validateMetricName,
} from "./metric.ts";
export { Histogram, type HistogramConfiguration, Summary, type SummaryConfiguration } from "./observers.ts";
export { Pushgateway, type PushgatewayOptions } from "./pushgateway.ts";
export {
  openMetricsContentType,
  prometheusContentType,
  prometheusContentType as contentType,
  Registry,
  type RegistryContentType,
  register,
} from "./registry.ts";
