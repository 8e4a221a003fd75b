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

/** Somebody's Elasticsearch or OpenSearch, which keeps the spans. */
export interface SearchStorage {
  readonly kind: "elasticsearch" | "opensearch";
  /** `https://host:port` of each node. */
  readonly urls: readonly string[];
  /** User name and password, in a Secret of the component's namespace. @default none */
  readonly credentials?: { readonly username: SecretKey; readonly password: SecretKey };
  /** Start of every index name. @default "jaeger" */
  readonly indexPrefix?: string;
  /**
   * Who deletes old spans. `cleaner`: an index a day, and a CronJob that removes the oldest. `ilm`: a lifecycle policy
   * named `jaeger-ilm-policy` that exists there, on aliases that `jaeger-es-rollover init` has made. @default "cleaner"
   */
  readonly retention?: "cleaner" | "ilm";
}

/** Where Jaeger keeps spans: on its own disk, or in a search engine. */
export type JaegerStorage = { readonly kind: "badger" } | SearchStorage;

/** Ports of Jaeger, by the name that Services, probes and monitors use. */
export const jaegerPorts = {
  "otlp-grpc": collectorPorts["otlp-grpc"],
  "otlp-http": collectorPorts["otlp-http"],
  query: 16686,
  "query-grpc": 16685,
  metrics: collectorPorts.metrics,
  health: collectorPorts.health,
} as const;

/** The pod's disk. */
export const jaegerDataFolder = "/var/jaeger";
/** Where the search engine's password is mounted. */
export const searchPasswordFolder = "/etc/jaeger/search";
/** Variable that carries the search engine's user name. */
export const searchUserVariable = "SEARCH_USERNAME";

export const defaultIndexPrefix = "jaeger";

export interface JaegerConfigProps {
  readonly storage: JaegerStorage;
  readonly resources: Resources;
  readonly retentionSeconds: number;
}

/** Jaeger v2's configuration file: it is a collector of its own, with the component names of before 0.144. */
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

/** An embedded store. Spans go when their time is over; the space comes back when badger collects its value log. */
function badger(retentionSeconds: number): object {
  return {
    badger: {
      directories: { keys: `${jaegerDataFolder}/keys`, values: `${jaegerDataFolder}/values` },
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
            password_file: `${searchPasswordFolder}/${credentials.password.key}`,
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
