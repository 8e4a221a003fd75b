import { Document, visit } from "yaml";
import { type Endpoint, endpointUrl, maxItemBytes, type ObjectStore } from "../../lib/kubernetes/index.ts";
import { grpcServer, MiB, type Retention, type Workload, type WorkloadSize } from "../../lib/sizing/index.ts";
import { blocksBucket, commonStorage, dataDirectory } from "./bucket-config.ts";
import type { MimirCache } from "./capacity.ts";
import { defaultLimits, longTermLimits, restoredLimits, restoredTenant, type TenantLimits } from "./limits.ts";
import type { MimirSizing } from "./sizing.ts";

/** Ports of every Mimir process. */
export const mimirPorts = { http: 8080, grpc: 9095, gossip: 7946 } as const;

/** Mount path of rule files: one directory per tenant, each a ConfigMap. */
export const rulesDirectory = "/etc/mimir/rules";
/** Mount path of the runtime configuration, which Mimir reloads. A mount of its own, so that the kubelet updates it. */
export const runtimeDirectory = "/etc/mimir/runtime";
/** Mount path of the configuration file. */
export const configDirectory = "/etc/mimir/config";

/** Hosts by which services find each other. */
export interface MimirHosts {
  /** Headless Service of every Mimir pod. */
  readonly gossipRing: string;
  /** `host:port` of the query-schedulers' headless Service. Absent in monolithic mode, where setting it makes queries hang. */
  readonly queryScheduler?: string;
  /** `host:port` of the query-frontends' headless Service, for rules that are evaluated remotely. */
  readonly queryFrontend?: string;
  /** Addresses of the caches. */
  readonly caches?: Readonly<Record<MimirCache, string>>;
}

export interface MimirConfigProps {
  readonly sizing: MimirSizing;
  readonly workload: Workload;
  readonly retention: Retention;
  /** Tenants that are queried together with the stack's. */
  readonly federatedTenants: readonly string[];
  readonly objectStore: ObjectStore;
  /** Bucket (Azure: container) for blocks. */
  readonly bucket: string;
  /** Cluster label of gossip messages: keeps the rings of two Mimirs apart if their pods can reach each other. */
  readonly gossipLabel: string;
  readonly hosts: MimirHosts;
  /** Where the ruler sends alerts. Absent: alerts are not sent. */
  readonly alertmanager?: Endpoint;
  /** Resource attributes that become labels of OTLP metrics. */
  readonly promotedResourceAttributes: readonly string[];
  /** Label that identifies a Prometheus HA pair. */
  readonly haClusterLabel: string;
}

/** Seconds between marking a block for deletion and deleting it. A bucket lifecycle must wait longer than retention plus this. */
export const deletionDelaySeconds = 7200;

/**
 * Mimir's configuration file, shared by all services.
 * @see https://grafana.com/docs/mimir/v3.2.x/configure/configuration-parameters/
 */
export function mimirConfig(props: MimirConfigProps): Readonly<Record<string, unknown>> {
  const { sizing, objectStore, hosts, retention } = props;
  const zoneAware = sizing.mode === "microservices" && sizing.zoneAware;
  const factor = sizing.replicationFactor;
  const microservices = sizing.mode === "microservices";
  const remoteRules = microservices && sizing.remoteRules;
  const rings = microservices ? heartbeats : undefined;
  const federation = { enabled: retention.aggregates > 0 || props.federatedTenants.length > 0 };
  const scheduler = hosts.queryScheduler && { scheduler_address: hosts.queryScheduler };
  return {
    multitenancy_enabled: true,
    usage_stats: { enabled: false },
    // Classic architecture: distributors write to ingesters directly, without Kafka.
    ingest_storage: { enabled: false },
    tenant_federation: federation,
    server: {
      http_listen_port: mimirPorts.http,
      grpc_listen_port: mimirPorts.grpc,
      ...grpcServer,
      log_format: "logfmt",
    },
    common: { storage: commonStorage(objectStore) },
    blocks_storage: {
      ...blocksBucket(objectStore, props.bucket),
      tsdb: {
        dir: `${dataDirectory}/tsdb`,
        retention_period: "13h",
        series_hash_cache_max_size_bytes: cacheBytes(sizing, "ingester", 16, 350 * MiB),
        wal_replay_concurrency: replayConcurrency(sizing),
      },
      bucket_store: bucketStore(props),
    },
    ruler_storage: { backend: "local", local: { directory: rulesDirectory } },
    activity_tracker: { filepath: `${dataDirectory}/activity.log` },
    memberlist: {
      cluster_label: props.gossipLabel,
      join_members: [`dns+${hosts.gossipRing}:${mimirPorts.gossip}`],
      abort_if_cluster_join_fails: false,
    },
    distributor: {
      ha_tracker: { enable_ha_tracker: true, kvstore: { store: "memberlist" } },
      ...(rings && { ring: rings.distributor }),
    },
    ingester: {
      ring: {
        replication_factor: factor,
        zone_awareness_enabled: zoneAware,
        tokens_file_path: `${dataDirectory}/tokens`,
        // A restarting pod returns under the same name; its series must not move to other ingesters meanwhile.
        unregister_on_shutdown: false,
        num_tokens: 512,
        ...rings?.ingester,
      },
    },
    store_gateway: {
      sharding_ring: {
        replication_factor: factor,
        zone_awareness_enabled: zoneAware,
        tokens_file_path: `${dataDirectory}/store-gateway-tokens`,
        unregister_on_shutdown: false,
        ...rings?.storeGateway,
      },
    },
    compactor: {
      data_dir: `${dataDirectory}/compactor`,
      compaction_interval: "30m",
      deletion_delay: `${deletionDelaySeconds / 3600}h`,
      ...(rings && { sharding_ring: rings.compactor }),
    },
    querier: { query_store_after: "12h", max_concurrent: concurrency(sizing) },
    frontend: {
      ...scheduler,
      parallelize_shardable_queries: microservices,
      ...(hosts.caches && { cache_results: true, results_cache: memcached(hosts.caches["results-cache"]) }),
    },
    ...(scheduler && { frontend_worker: scheduler }),
    query_scheduler: { max_outstanding_requests_per_tenant: panelsPerDashboard * queryParallelism(sizing) },
    ruler: {
      rule_path: `${dataDirectory}/ruler`,
      // Local rule files have no change events; updates are found by polling.
      poll_interval: "1m",
      tenant_federation: federation,
      ...(remoteRules && { query_frontend: { address: `dns:///${hosts.queryFrontend}` } }),
    },
    limits: {
      ...defaultLimits({ ...props, distributors: distributors(sizing) }),
      ...(props.alertmanager && {
        ruler_alertmanager_client_config: { alertmanager_url: `dns+${endpointUrl(props.alertmanager)}` },
      }),
      max_query_parallelism: queryParallelism(sizing),
      max_estimated_memory_consumption_per_query: queryMemory(sizing),
    },
    runtime_config: { file: `${runtimeDirectory}/runtime.yaml`, period: "10s" },
  };
}

/**
 * Heartbeats of rings with many members, which are gossip messages: less often than every 15 s, and tolerating more lost ones
 * than a minute's. Values of Mimir's jsonnet.
 * @see https://github.com/grafana/mimir/tree/main/operations/mimir
 */
const heartbeats = {
  distributor: { heartbeat_period: "1m", heartbeat_timeout: "4m" },
  ingester: { heartbeat_period: "2m", heartbeat_timeout: "10m" },
  storeGateway: { heartbeat_period: "1m", heartbeat_timeout: "10m" },
  compactor: { heartbeat_period: "1m", heartbeat_timeout: "4m" },
} as const;

/** The runtime configuration: limits per tenant, reloaded without a restart. */
export function mimirRuntime(
  props: Pick<MimirConfigProps, "workload" | "retention" | "sizing">,
  longTermTenant: string,
  tenants: Readonly<Record<string, TenantLimits>>,
): { readonly overrides: Readonly<Record<string, TenantLimits>> } {
  const aggregates = props.retention.aggregates > 0 && {
    [longTermTenant]: longTermLimits({ ...props, distributors: distributors(props.sizing) }),
  };
  const restored = props.retention.archive > 0 && { [restoredTenant]: restoredLimits };
  const overrides: Record<string, TenantLimits> = { ...aggregates, ...restored };
  for (const [tenant, limits] of Object.entries(tenants)) overrides[tenant] = { ...overrides[tenant], ...limits };
  return { overrides };
}

/** Renders a configuration file. Environment references are quoted, so that no secret is parsed as YAML. */
export function mimirYaml(config: object): string {
  const document = new Document(config, { compat: "yaml-1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && node.value.includes("${")) node.type = "QUOTE_SINGLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}

function bucketStore({ sizing, hosts }: MimirConfigProps): Readonly<Record<string, unknown>> {
  const { caches } = hosts;
  return {
    sync_dir: `${dataDirectory}/tsdb-sync`,
    // The in-process cache defaults to 1 GiB, more than the memory of a small pod.
    index_cache: caches
      ? memcached(caches["index-cache"])
      : { backend: "inmemory", inmemory: { max_size_bytes: cacheBytes(sizing, "store-gateway", 8, 1024 * MiB) } },
    series_hash_cache_max_size_bytes: cacheBytes(sizing, "store-gateway", 16, 1024 * MiB),
    ...(caches && {
      chunks_cache: memcached(caches["chunks-cache"]),
      metadata_cache: memcached(caches["metadata-cache"]),
    }),
  };
}

const memcached = (addresses: string): object => ({
  backend: "memcached",
  memcached: { addresses, max_item_size: maxItemBytes },
});

/** Size of an in-process cache: a fraction of the pod's memory, at most Mimir's default. */
function cacheBytes(
  sizing: MimirSizing,
  service: "ingester" | "store-gateway",
  fraction: number,
  most: number,
): number {
  const pod: WorkloadSize = sizing.mode === "monolithic" ? sizing.mimir : sizing.services[service];
  return Math.min(most, Math.floor(pod.memoryBytes / fraction / MiB) * MiB);
}

/** Processes that receive samples. */
function distributors(sizing: MimirSizing): number {
  return (sizing.mode === "monolithic" ? sizing.mimir : sizing.services.distributor).replicas;
}

/**
 * CPUs that replay a WAL: one less than the pod requests, as in Mimir's jsonnet. By default a pod uses all CPUs of its node,
 * and as many times the memory.
 */
function replayConcurrency(sizing: MimirSizing): number {
  const { cpuCores } = sizing.mode === "monolithic" ? sizing.mimir : sizing.services.ingester;
  return Math.max(1, Math.floor(cpuCores - 1));
}

/** Panels that one dashboard queries at the same time. A choice: the stack's own dashboards have up to 20. */
const panelsPerDashboard = 20;

/**
 * Parts of one query that run at the same time: 15 days by 16 shards, as in the Helm chart; a month by day without sharding.
 * The queue of a tenant holds the parts of all panels of a dashboard; Mimir's default of 100 rejects the rest with 429.
 */
function queryParallelism({ mode }: MimirSizing): number {
  return mode === "microservices" ? 240 : 30;
}

/** Memory of one query, in bytes: a quarter of the querier's, so that a single query fails instead of its querier. */
function queryMemory(sizing: MimirSizing): number {
  const { memoryBytes } = sizing.mode === "monolithic" ? sizing.mimir : sizing.services.querier;
  return Math.floor(memoryBytes / 4);
}

/** Concurrent queries per querier: four per core, because most of a query waits for ingesters and store-gateways. */
function concurrency(sizing: MimirSizing): number {
  const { cpuCores } = sizing.mode === "monolithic" ? sizing.mimir : sizing.services.querier;
  return Math.max(4, Math.ceil(cpuCores * 4));
}
