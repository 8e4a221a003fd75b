import type { SecretKey } from "../../../lib/kubernetes/index.ts";
import {
  batch,
  type CollectorConfig,
  collectorPorts,
  memoryLimiter,
  otlpReceiver,
  selfTelemetry,
} from "../../../lib/otel/index.ts";
import { formatDuration, type Resources } from "../../../lib/sizing/index.ts";

/** An externally managed Elasticsearch or OpenSearch that stores spans. */
export interface SearchStorage {
  readonly kind: "elasticsearch" | "opensearch";
  /** URL of each node. @example https://search.example:9200 */
  readonly urls: readonly string[];
  /** Basic authentication, from a Secret of the component's namespace. @default none */
  readonly credentials?: { readonly username: SecretKey; readonly password: SecretKey };
  /** Prefix of index names. @default "jaeger" */
  readonly indexPrefix?: string;
  /**
   * How old spans are deleted. `cleaner`: daily indexes and a CronJob that deletes the oldest. `ilm`: an existing lifecycle
   * policy `jaeger-ilm-policy`, on aliases created by `jaeger-es-rollover init`.
   * @default "cleaner"
   * @see https://www.jaegertracing.io/docs/2.14/storage/elasticsearch/
   */
  readonly retention?: "cleaner" | "ilm";
}

/** Where Jaeger stores spans: on its own volume, or in a search engine. */
export type JaegerStorage = { readonly kind: "badger" } | SearchStorage;

/** Ports of Jaeger, by the names that Services, probes and monitors use. */
export const jaegerPorts = {
  "otlp-grpc": collectorPorts["otlp-grpc"],
  "otlp-http": collectorPorts["otlp-http"],
  query: 16686,
  "query-grpc": 16685,
  metrics: collectorPorts.metrics,
  health: collectorPorts.health,
} as const;

/** Mount path of the data volume. */
export const dataDirectory = "/var/jaeger";
/** Mount path of the search engine's password. */
export const searchPasswordDirectory = "/etc/jaeger/search";
/** Environment variable with the search engine's user name. */
export const searchUserVariable = "SEARCH_USERNAME";

export const defaultIndexPrefix = "jaeger";

export interface JaegerConfigProps {
  readonly storage: JaegerStorage;
  readonly resources: Resources;
  /** How long spans are kept, in seconds. */
  readonly retentionSeconds: number;
}

/**
 * Jaeger v2's configuration file: an OpenTelemetry collector with the component names from before 0.144.
 * @see https://www.jaegertracing.io/docs/2.14/deployment/configuration/
 */
export function jaegerConfig({ storage, resources, retentionSeconds }: JaegerConfigProps): CollectorConfig {
  const all = (port: number) => `0.0.0.0:${port}`;
  return {
    receivers: { otlp: otlpReceiver(jaegerPorts["otlp-grpc"], jaegerPorts["otlp-http"]) },
    processors: { memory_limiter: memoryLimiter(resources), batch },
    exporters: { jaeger_storage_exporter: { trace_storage: "main" } },
    extensions: {
      healthcheckv2: { use_v2: true, http: { endpoint: all(jaegerPorts.health) } },
      jaeger_query: {
        storage: { traces: "main" },
        http: { endpoint: all(jaegerPorts.query) },
        grpc: { endpoint: all(jaegerPorts["query-grpc"]) },
      },
      jaeger_storage: {
        backends: { main: storage.kind === "badger" ? badger(retentionSeconds) : searchEngine(storage) },
      },
    },
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      telemetry: { resource: { "service.name": "jaeger" }, ...selfTelemetry("normal") },
      pipelines: {
        traces: {
          receivers: ["otlp"],
          processors: ["memory_limiter", "batch"],
          exporters: ["jaeger_storage_exporter"],
        },
      },
    },
  };
}

/** Embedded storage. Expired spans are deleted; their space is reclaimed by badger's value log GC. */
function badger(retentionSeconds: number): object {
  return {
    badger: {
      directories: { keys: `${dataDirectory}/keys`, values: `${dataDirectory}/values` },
      ephemeral: false,
      ttl: { spans: formatDuration(retentionSeconds, "h") },
    },
  };
}

function searchEngine(storage: SearchStorage): object {
  const managed = storage.retention === "ilm";
  const daily = { date_layout: "2006-01-02", rollover_frequency: "day" };
  const { credentials } = storage;
  return {
    [storage.kind]: {
      server_urls: [...storage.urls],
      ...(credentials && {
        auth: {
          basic: {
            username: `\${env:${searchUserVariable}}`,
            password_file: `${searchPasswordDirectory}/${credentials.password.key}`,
          },
        },
      }),
      indices: {
        index_prefix: storage.indexPrefix ?? defaultIndexPrefix,
        ...(!managed && { spans: daily, services: daily, dependencies: daily }),
      },
      ...(managed && { use_aliases: true, use_ilm: true, create_mappings: false }),
    },
  };
}
