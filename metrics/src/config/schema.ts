import { OTLP_PROTOCOLS, type OtlpProtocol } from "../otel/endpoint.ts";
import { SAMPLING_STRATEGIES, type SamplingStrategy } from "../otel/sampling.ts";

/** The observability settings of a service. */
export interface ObservabilityConfig {
  readonly service: {
    readonly name: string;
    readonly version: string | undefined;
    readonly environment: string | undefined;
    readonly instance_id: string | undefined;
  };
  readonly prometheus: {
    readonly enabled: boolean;
    readonly endpoint: { readonly host: string; readonly port: number; readonly path: string };
    readonly registry: { readonly max_cardinality: number; readonly max_labels_per_metric: number };
  };
  readonly opentelemetry: {
    readonly enabled: boolean;
    readonly otlp: {
      readonly endpoint: string;
      readonly protocol: OtlpProtocol | undefined;
      readonly headers: Readonly<Record<string, string>>;
    };
    readonly tracing: {
      readonly enabled: boolean;
      readonly sampling: { readonly strategy: SamplingStrategy; readonly ratio: number };
    };
    readonly metrics: {
      readonly enabled: boolean;
      readonly export_interval_seconds: number;
      readonly temporality: "cumulative" | "delta";
    };
  };
}

/** One setting. */
export interface Setting {
  /** Below `observability`, e.g. `prometheus.endpoint.port`. */
  readonly path: string;
  readonly type: "text" | "address" | "boolean" | "number" | "integer" | "texts";
  /** Undefined: not set. */
  readonly default: unknown;
  readonly required?: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly oneOf?: readonly string[];
  readonly help: string;
}

/** Every setting: what is read, checked, overridden and documented. */
export const SETTINGS: readonly Setting[] = [
  { path: "service.name", type: "text", default: undefined, required: true, help: "Name of the service." },
  { path: "service.version", type: "text", default: undefined, help: "Version of the service." },
  { path: "service.environment", type: "text", default: undefined, help: "Where it runs, e.g. `production`." },
  {
    path: "service.instance_id",
    type: "text",
    default: undefined,
    help: "Unlike any other replica's, e.g. `${HOSTNAME}`.",
  },
  { path: "prometheus.enabled", type: "boolean", default: true, help: "Whether metrics can be scraped." },
  {
    path: "prometheus.endpoint.host",
    type: "text",
    default: "127.0.0.1",
    help: "Address to listen at; `0.0.0.0` for all.",
  },
  {
    path: "prometheus.endpoint.port",
    type: "integer",
    default: 9464,
    least: 0,
    most: 65_535,
    help: "Port; 0 takes any free one.",
  },
  { path: "prometheus.endpoint.path", type: "text", default: "/metrics", help: "Where the metrics are." },
  {
    path: "prometheus.registry.max_cardinality",
    type: "integer",
    default: 10_000,
    least: 1,
    most: 10_000_000,
    help: "Most series over all metrics.",
  },
  {
    path: "prometheus.registry.max_labels_per_metric",
    type: "integer",
    default: 10,
    least: 0,
    most: 100,
    help: "Most labels of a metric.",
  },
  { path: "opentelemetry.enabled", type: "boolean", default: false, help: "Whether anything is sent by OTLP." },
  {
    path: "opentelemetry.otlp.endpoint",
    type: "address",
    default: "http://localhost:4318",
    help: "The receiver, e.g. `http://otel-collector:4317`.",
  },
  {
    path: "opentelemetry.otlp.protocol",
    type: "text",
    default: undefined,
    oneOf: OTLP_PROTOCOLS,
    help: "`grpc` or `http/protobuf`; unless set, gRPC for port 4317 and HTTP for every other.",
  },
  {
    path: "opentelemetry.otlp.headers",
    type: "texts",
    default: {},
    help: "Headers sent along, e.g. for authentication.",
  },
  { path: "opentelemetry.tracing.enabled", type: "boolean", default: true, help: "Whether traces are sent." },
  {
    path: "opentelemetry.tracing.sampling.strategy",
    type: "text",
    default: "parent_based",
    oneOf: SAMPLING_STRATEGIES,
    help: "Who decides whether a trace is kept.",
  },
  {
    path: "opentelemetry.tracing.sampling.ratio",
    type: "number",
    default: 0.1,
    least: 0,
    most: 1,
    help: "Share of traces that are kept.",
  },
  { path: "opentelemetry.metrics.enabled", type: "boolean", default: true, help: "Whether metrics are pushed." },
  {
    path: "opentelemetry.metrics.export_interval_seconds",
    type: "number",
    default: 60,
    least: 1,
    most: 3600,
    help: "How often metrics are pushed.",
  },
  {
    path: "opentelemetry.metrics.temporality",
    type: "text",
    default: "cumulative",
    oneOf: ["cumulative", "delta"],
    help: "Whether counts go on from push to push or start again.",
  },
];

const ENVIRONMENT_PREFIX = "OBSERVABILITY_";

/** The environment variable that overrides a setting, e.g. `OBSERVABILITY_PROMETHEUS_ENDPOINT_PORT`. */
export const environmentName = (path: string): string => ENVIRONMENT_PREFIX + path.toUpperCase().replaceAll(".", "_");
