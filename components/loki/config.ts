import { type Endpoint, type ObjectStore, url } from "../../lib/kubernetes/index.ts";
import { formatDuration } from "../../lib/sizing/index.ts";
import type { LokiSizing } from "./sizing.ts";

/** Ports of every Loki process, by the name that Services, probes and monitors use. */
export const lokiPorts = { http: 3100, grpc: 9095, gossip: 7946 } as const;

/** The pod's disk, or scratch space: write-ahead log, index files, compaction. */
export const lokiDataFolder = "/var/loki";
/** Where the ruler reads its rules, a folder a tenant. */
export const lokiRulesFolder = "/etc/loki/rules";

/** Streams that are kept for another time than the rest. */
export interface StreamRetention {
  /** `{level="debug"}`: which streams. */
  readonly selector: string;
  /** The highest wins where several match. */
  readonly priority: number;
  /** At least 24 h. */
  readonly retention: number;
}

/** Addresses at which the services of a distributed Loki find each other, each `host:port`. */
export interface LokiAddresses {
  readonly memberlist: string;
  readonly compactor: string;
  readonly indexGateway: string;
  readonly queryScheduler: string;
  /** `http://host:port`, for live tailing. */
  readonly querier: string;
}

export interface LokiConfigProps {
  readonly sizing: LokiSizing;
  readonly retentionSeconds: number;
  readonly streamRetention: readonly StreamRetention[];
  readonly objectStore: ObjectStore;
  readonly bucket: string;
  /** Gossip members are told apart from those of other rings by this: pod addresses are used again. */
  readonly gossipLabel: string;
  readonly addresses: LokiAddresses;
  /** Where the ruler sends alerts. Absent: there is no ruler. */
  readonly alertmanager?: Endpoint;
}

/** The configuration file of every Loki process. */
export type LokiConfig = Readonly<Record<string, unknown>>;

/**
 * First day of the schema. It may never change for a bucket that holds data, and must not lie in the future for one that
 * does not.
 */
const schemaFrom = "2024-04-01";

/** A query may take this long; the HTTP server must wait a little longer. */
const queryTimeoutSeconds = 300;

/**
 * Resource attributes of OTLP logs that become labels. Loki's own list also has pod, replica set and instance, each of
 * which makes a stream a pod; those stay structured metadata, which queries filter as well.
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

/** Renders {@link LokiConfig}: one file for every process; `-target` says which it is. */
export function lokiConfig(props: LokiConfigProps): LokiConfig {
  const { sizing, addresses, objectStore } = props;
  const distributed = sizing.mode === "distributed";
  const alone = !distributed && sizing.replicationFactor === 1;
  return {
    auth_enabled: true,
    server: {
      http_listen_port: lokiPorts.http,
      grpc_listen_port: lokiPorts.grpc,
      http_server_read_timeout: `${queryTimeoutSeconds + 10}s`,
      http_server_write_timeout: `${queryTimeoutSeconds + 10}s`,
    },
    common: {
      path_prefix: lokiDataFolder,
      replication_factor: sizing.replicationFactor,
      ...(distributed && { compactor_grpc_address: addresses.compactor }),
      ...(alone
        ? { instance_addr: "127.0.0.1", ring: { instance_addr: "127.0.0.1", kvstore: { store: "inmemory" } } }
        : { ring: { kvstore: { store: "memberlist" } } }),
    },
    ...(!alone && {
      memberlist: {
        bind_port: lokiPorts.gossip,
        cluster_label: props.gossipLabel,
        join_members: [addresses.memberlist],
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
      ...(distributed && {
        tsdb_shipper: { index_gateway_client: { server_address: `dns+${addresses.indexGateway}` } },
      }),
    },
    ingester: {
      chunk_encoding: "snappy",
      wal: { flush_on_shutdown: true, replay_memory_ceiling: replayCeiling(sizing) },
      ...(distributed && sizing.zoneAware && { lifecycler: { ring: { zone_awareness_enabled: true } } }),
    },
    ...(distributed && {
      frontend: { scheduler_address: addresses.queryScheduler, tail_proxy_url: addresses.querier },
      frontend_worker: { scheduler_address: addresses.queryScheduler },
    }),
    compactor: {
      working_directory: `${lokiDataFolder}/compactor`,
      retention_enabled: true,
      delete_request_store: objectStore.kind,
    },
    distributor: { otlp_config: { default_resource_attributes_as_index_labels: [...otlpIndexLabels] } },
    limits_config: limitsConfig(props),
    ...(props.alertmanager && rulerConfig(props.alertmanager)),
    analytics: { reporting_enabled: false },
  };
}

/** A write-ahead log is replayed within this much memory, three quarters of the pod's: 4 GB by default, more than most have. */
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
    per_stream_rate_limit_burst: "20MB",
    max_global_streams_per_user: limits.maxStreams,
    query_timeout: `${queryTimeoutSeconds}s`,
    // 30 d 1 h by default: less than most of the retentions.
    max_query_length: formatDuration(longest + 3600, "h"),
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
 * Rules come from ConfigMaps; every ruler evaluates its share. Alerts go to each Alertmanager behind a headless Service,
 * which do not pass them on to each other; of an address without one Loki takes a single answer.
 */
function rulerConfig(alertmanager: Endpoint): object {
  const { scheme, host, portName, path = "" } = alertmanager;
  return {
    ruler: {
      alertmanager_url: portName ? `${scheme}://_${portName}._tcp.${host}${path}` : url(alertmanager),
      ...(portName && { enable_alertmanager_discovery: true }),
      enable_alertmanager_v2: true,
      enable_sharding: true,
      rule_path: `${lokiDataFolder}/rules-temp`,
    },
    ruler_storage: { backend: "local", local: { directory: lokiRulesFolder } },
  };
}

/** `storage_config.object_store`. Keys are expanded from the environment; without them the pod's identity counts. */
function objectStoreConfig(store: ObjectStore, bucket: string): object {
  switch (store.kind) {
    case "filesystem":
      return { filesystem: { dir: `${lokiDataFolder}/chunks` } };
    case "gcs":
      return { gcs: { bucket_name: bucket } };
    case "azure":
      return {
        azure: {
          account_name: store.account,
          container_name: bucket,
          ...(store.credentials && { account_key: "${OBJECT_STORE_ACCOUNT_KEY}" }),
        },
      };
    case "s3":
      return {
        s3: {
          bucket_name: bucket,
          endpoint: store.endpoint,
          region: store.region,
          ...(store.insecure && { insecure: true }),
          ...(store.credentials && {
            access_key_id: "${OBJECT_STORE_ACCESS_KEY}",
            secret_access_key: "${OBJECT_STORE_SECRET_KEY}",
          }),
        },
      };
  }
}
