export { checkTracing } from "./check.ts";
export { OTLP_PROTOCOLS, type OtlpEndpoint, type OtlpProtocol, otlpEndpoint } from "./endpoint.ts";
export { activeTrace } from "./exemplars.ts";
export { extractKafkaHeaders, injectKafkaHeaders, type KafkaHeaders, type KafkaHeaderValue } from "./kafka.ts";
export { type MetricsExport, type MetricsExportOptions, startMetricsExport } from "./metrics.ts";
export { ObservedExporter } from "./observed-exporter.ts";
export { RegistryProducer, type Temporality } from "./producer.ts";
export { type ServiceIdentity, serviceResource } from "./resource.ts";
export { SAMPLING_STRATEGIES, type SamplingStrategy } from "./sampling.ts";
export {
  type Sampling,
  samplerFor,
  startTracing,
  type Tracing,
  type TracingOptions,
  w3cPropagator,
} from "./tracing.ts";
