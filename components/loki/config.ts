import { type Endpoint, endpointUrl, maxItemBytes, type ObjectStore } from "../../lib/kubernetes/index.ts";
import { formatDuration, grpcServer, MiB, otlpMessageBytes } from "../../lib/sizing/index.ts";
import { dataDirectory, objectStoreConfig } from "./bucket-config.ts";
import { embeddedCacheMiB } from "./cache-sizes.ts";
import type { LokiCache } from "./capacity.ts";
import type { StreamRetention } from "./props.ts";
import { maxQueryLength } from "./query-length.ts";
import { type LokiSizing, queryConcurrency } from "./sizing.ts";

/** Ports of every Loki process, by the name that Services, probes and monitors use. */
export const lokiPorts = { http: 3100, grpc: 9095, gossip: 7946 } as const;

/** Mount path of the configuration file. */
export const configDirectory = "/etc/loki/config";
/** Mount path of rule files: one directory per tenant, each the same ConfigMap. A rule reads the logs of its own tenant only. */
export const rulesDirectory = "/etc/loki/rules";

/** Mount path of the runtime configuration, which Loki reloads. */
export const runtimeDirectory = "/etc/loki/runtime";

/** Hosts by which services find each other, as `host:port`. */
export interface LokiHosts {
  readonly memberlist: string;
  readonly compactor: string;
  readonly indexGateway: string;
  readonly queryScheduler: string;
  /** URL of the queriers, for live tailing. */
  readonly querier: string;
  /** Addresses of the caches. */
  readonly caches: Readonly<Record<LokiCache, string>>;
}

export interface LokiConfigProps {
  readonly sizing: LokiSizing;
  /** How long logs are kept, in seconds. */
  readonly retentionSeconds: number;
  readonly streamRetention: readonly StreamRetention[];
  /** Whether one query may read several tenants. */
  readonly federation: boolean;
  readonly objectStore: ObjectStore;
  readonly bucket: string;
  /** Cluster label of gossip messages: keeps rings apart when pod addresses are reused. */
  readonly gossipLabel: string;
  readonly hosts: LokiHosts;
  /** Where the ruler sends alerts. Absent: log alerts are not evaluated. */
  readonly alertmanager?: Endpoint;
}

/** Loki's configuration file. @see https://grafana.com/docs/loki/v3.7.x/configure/ */
export type LokiConfig = Readonly<Record<string, unknown>>;

/** First day of the schema. It must never change for a bucket that holds data, and must be in the past. */
const schemaFrom = "2024-04-01";

/** Query timeout in seconds; the HTTP server's timeouts must be longer. */
const queryTimeoutSeconds = 300;

/**
 * Resource attributes of OTLP logs that become labels. Loki's default list also has pod, replica set and instance, each of
 * which would create one stream per pod; they remain structured metadata, which queries can filter by too.
 * @see https://grafana.com/docs/loki/v3.7.x/get-started/labels/#default-labels-for-opentelemetry
 */
const otlpIndexLabels = [
  "service.name",
  "service.namespace",
  "deployment.environment.name",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.cronjob.name",
  "k8s.container.name",
] as const;

/** Renders {@link LokiConfig}, shared by all services. */
export function lokiConfig(props: LokiConfigProps): LokiConfig {
  const { sizing, hosts, objectStore } = props;
  const microservices = sizing.mode === "microservices";
  const alone = !microservices && sizing.replicationFactor === 1;
  return {
    auth_enabled: true,
    server: {
      http_listen_port: lokiPorts.http,
      grpc_listen_port: lokiPorts.grpc,
      ...grpcServer,
      http_server_read_timeout: `${queryTimeoutSeconds + 10}s`,
      http_server_write_timeout: `${queryTimeoutSeconds + 10}s`,
    },
    common: {
      path_prefix: dataDirectory,
      replication_factor: sizing.replicationFactor,
      ...(microservices && { compactor_grpc_address: hosts.compactor }),
      ...(alone
        ? { instance_addr: "127.0.0.1", ring: { instance_addr: "127.0.0.1", kvstore: { store: "inmemory" } } }
        : { ring: { kvstore: { store: "memberlist" } } }),
    },
    ...(!alone && {
      memberlist: {
        bind_port: lokiPorts.gossip,
        cluster_label: props.gossipLabel,
        join_members: [hosts.memberlist],
      },
    }),
    schema_config: {
      configs: [
        {
          from: schemaFrom,
          store: "tsdb",
          object_store: objectStore.kind,
          schema: "v13",
          index: { prefix: "loki_index_", period: "24h" },
        },
      ],
    },
    storage_config: {
      use_thanos_objstore: true,
      object_store: objectStoreConfig(objectStore, props.bucket),
      ...(microservices && {
        tsdb_shipper: { index_gateway_client: { server_address: `dns+${hosts.indexGateway}` } },
      }),
    },
    ingester: {
      chunk_encoding: "snappy",
      wal: { flush_on_shutdown: true, replay_memory_ceiling: replayCeiling(sizing) },
      ...(microservices && sizing.zoneAware && { lifecycler: { ring: { zone_awareness_enabled: true } } }),
    },
    querier: {
      max_concurrent: querierConcurrency(sizing),
      ...(props.federation && { multi_tenant_queries_enabled: true }),
    },
    chunk_store_config: {
      chunk_cache_config: microservices
        ? memcached(hosts.caches["chunks-cache"], sizing)
        : embedded(embeddedCacheMiB.chunks),
    },
    query_range: {
      cache_results: true,
      align_queries_with_step: true,
      // Also used for series, labels, volumes and index statistics.
      results_cache: {
        cache: microservices
          ? { default_validity: "12h", ...memcached(hosts.caches["results-cache"], sizing) }
          : embedded(embeddedCacheMiB.results),
      },
    },
    ...(microservices && {
      frontend: { scheduler_address: hosts.queryScheduler, tail_proxy_url: hosts.querier },
      frontend_worker: { scheduler_address: hosts.queryScheduler },
    }),
    compactor: {
      working_directory: `${dataDirectory}/compactor`,
      retention_enabled: true,
      delete_request_store: objectStore.kind,
    },
    distributor: { otlp_config: { default_resource_attributes_as_index_labels: [...otlpIndexLabels] } },
    limits_config: limitsConfig(props),
    ...(props.alertmanager && rulerConfig(props.alertmanager)),
    runtime_config: { file: `${runtimeDirectory}/runtime.yaml`, period: "10s" },
    analytics: { reporting_enabled: false },
  };
}

/** The runtime configuration: limits per tenant, reloaded without a restart. */
export function lokiRuntime(tenants: Readonly<Record<string, object>>): object {
  return { overrides: tenants };
}

/** Parts of queries per querier: four per core, at least Loki's default. */
function querierConcurrency(sizing: LokiSizing): number {
  if (sizing.mode === "monolithic") return queryConcurrency(sizing.replicationFactor === 1 ? "single" : "redundant");
  return Math.max(4, Math.ceil(sizing.services.querier.cpuCores * 4));
}

const embedded = (mebibytes: number): object => ({ embedded_cache: { enabled: true, max_size_mb: mebibytes } });

/** A memcached client. Items that wait to be written may take a sixteenth of the smallest pod instead of Loki's 500 MB. */
function memcached(addresses: string, sizing: Extract<LokiSizing, { readonly mode: "microservices" }>): object {
  const { ingester, querier } = sizing.services;
  const waiting = Math.floor(Math.min(ingester.memoryBytes, querier.memoryBytes) / 16 / MiB);
  return {
    background: { writeback_size_limit: `${waiting}MB` },
    memcached: { batch_size: 4, parallelism: 5 },
    memcached_client: { addresses, consistent_hash: true, timeout: "500ms", max_item_size: maxItemBytes },
  };
}

/** Memory for replaying the WAL: three quarters of the pod's. Loki's default of 4 GB exceeds the memory of most pods. */
function replayCeiling(sizing: LokiSizing): string {
  const { memoryBytes } = sizing.mode === "monolithic" ? sizing.loki : sizing.services.ingester;
  return `${Math.floor((memoryBytes * 0.75) / 1e6)}MB`;
}

function limitsConfig({ sizing, retentionSeconds, streamRetention }: LokiConfigProps): object {
  const { limits } = sizing;
  const longest = Math.max(retentionSeconds, ...streamRetention.map(({ retention }) => retention));
  return {
    ingestion_rate_mb: limits.ingestionRateMb,
    ingestion_burst_size_mb: limits.ingestionBurstSizeMb,
    per_stream_rate_limit: "5MB",
    // A batch may be the lines of one container.
    per_stream_rate_limit_burst: `${otlpMessageBytes / MiB}MB`,
    max_global_streams_per_user: limits.maxStreams,
    query_timeout: `${queryTimeoutSeconds}s`,
    max_query_length: formatDuration(maxQueryLength(longest), "h"),
    max_query_lookback: formatDuration(longest, "h"),
    retention_period: formatDuration(retentionSeconds, "h"),
    ...(streamRetention.length > 0 && {
      retention_stream: streamRetention.map(({ selector, priority, retention }) => ({
        selector,
        priority,
        period: formatDuration(retention, "h"),
      })),
    }),
    allow_structured_metadata: true,
    volume_enabled: true,
  };
}

/**
 * Rule files come from ConfigMaps, sharded over the rulers. With a named port, alerts are sent to every Alertmanager replica
 * behind the headless Service (replicas do not forward alerts to each other); without one, to a single address.
 */
function rulerConfig(alertmanager: Endpoint): object {
  const { scheme, host, portName, path = "" } = alertmanager;
  return {
    ruler: {
      alertmanager_url: portName ? `${scheme}://_${portName}._tcp.${host}${path}` : endpointUrl(alertmanager),
      ...(portName && { enable_alertmanager_discovery: true }),
      enable_alertmanager_v2: true,
      enable_sharding: true,
      rule_path: `${dataDirectory}/rules-temp`,
    },
    ruler_storage: { backend: "local", local: { directory: rulesDirectory } },
  };
}
