import {
  addressOf,
  type Endpoint,
  endpointUrl,
  type ObjectStore,
  type SecretKey,
  type Server,
} from "../../../lib/kubernetes/index.ts";
import { otlpReceiver } from "../../../lib/otel/index.ts";
import { formatDuration, grpcServer, otlpMessageBytes } from "../../../lib/sizing/index.ts";
import { dataDirectory, traceStorage } from "./bucket-config.ts";
import { jobBytes, type TempoSizing } from "./sizing.ts";

/** Ports of every Tempo process, by the names that Services, probes and monitors use. */
export const tempoPorts = { http: 3200, grpc: 9095, gossip: 7946, "otlp-grpc": 4317, "otlp-http": 4318 } as const;

/** Mount path of the configuration file. */
export const configDirectory = "/etc/tempo/config";
/** Mount path of the limits per tenant, which Tempo reloads. */
export const overridesDirectory = "/etc/tempo/overrides";
/** Tenant of all traces while multi-tenancy is off. */
export const onlyTenant = "single-tenant";
/** Series of span metrics and service graphs that a generator keeps: new ones beyond it are dropped and counted. A choice; no published figure exists. */
const maxActiveSeries = 50_000;

/** An externally managed Kafka-compatible cluster, through which Tempo's services exchange spans. */
export interface Kafka {
  /** `host:port` of a broker, or the Service of a cluster's brokers. @example "kafka.example:9092" */
  readonly address: Server;
  /** @default "tempo" */
  readonly topic?: string;
  /** @default false */
  readonly tls?: boolean;
  /** SASL/PLAIN user name and password, in a Secret of the component's namespace. @default none */
  readonly credentials?: { readonly username: SecretKey; readonly password: SecretKey };
}

/** Environment variables that carry Kafka's credentials into the configuration. */
export function kafkaEnv(kafka: Kafka | undefined): Readonly<Record<string, SecretKey>> {
  if (!kafka?.credentials) return {};
  return { KAFKA_USERNAME: kafka.credentials.username, KAFKA_PASSWORD: kafka.credentials.password };
}

/** Hosts by which services find each other, as `host:port`. */
export interface TempoHosts {
  readonly memberlist: string;
  readonly queryFrontend: string;
  readonly backendScheduler: string;
}

export interface TempoConfigProps {
  readonly sizing: TempoSizing;
  /** How long traces are kept, in seconds. */
  readonly retentionSeconds: number;
  readonly objectStore: ObjectStore;
  readonly bucket: string;
  /** Cluster label of gossip messages: keeps rings apart when pod addresses are reused. */
  readonly gossipLabel: string;
  readonly hosts: TempoHosts;
  readonly kafka?: Kafka;
  /** Remote write endpoint for span metrics and service graphs. Absent: they are not generated. */
  readonly metrics?: Endpoint;
}

/**
 * Tempo's configuration file, shared by all services. Tempo does not start with unknown keys.
 * @see https://grafana.com/docs/tempo/v3.0.x/configuration/
 */
export function tempoConfig(props: TempoConfigProps): Readonly<Record<string, unknown>> {
  const { sizing, hosts, kafka, metrics } = props;
  const microservices = sizing.mode === "microservices";
  // The scheduler decides what is deleted; the worker needs the same value, or it would keep its default of 14 d.
  const retention = {
    block_retention: formatDuration(props.retentionSeconds, "h"),
    compacted_block_retention: "1h",
  };
  return {
    server: { http_listen_port: tempoPorts.http, grpc_listen_port: tempoPorts.grpc, ...grpcServer },
    distributor: {
      receivers: { otlp: otlpReceiver(tempoPorts["otlp-grpc"], tempoPorts["otlp-http"]) },
    },
    ...(microservices && {
      memberlist: {
        abort_if_cluster_join_fails: false,
        bind_port: tempoPorts.gossip,
        cluster_label: props.gossipLabel,
        join_members: [hosts.memberlist],
      },
      ...(kafka && { ingest: { kafka: kafkaClient(kafka) } }),
      block_builder: { partitions_per_instance: 1 },
    }),
    querier: {
      max_concurrent_queries: sizing.concurrentJobs,
      ...(microservices && { frontend_worker: { frontend_address: hosts.queryFrontend } }),
    },
    query_frontend: {
      search: {
        // Everything that is kept can be searched; the default is a week.
        max_duration: formatDuration(props.retentionSeconds, "h"),
        target_bytes_per_job: jobBytes,
      },
    },
    backend_scheduler: {
      local_work_path: `${dataDirectory}/scheduler`,
      provider: { compaction: { compaction: retention } },
    },
    backend_worker: {
      ...(microservices && {
        backend_scheduler_addr: hosts.backendScheduler,
        ring: { kvstore: { store: "memberlist" } },
      }),
      compaction: retention,
    },
    storage: { trace: { ...traceStorage(props.objectStore, props.bucket), wal: { path: `${dataDirectory}/wal` } } },
    metrics_generator: {
      // The gateway keeps a share of ordinary traces and notes it in their tracestate: rates and error shares are those of all.
      processor: {
        service_graphs: { enable_tracestate_span_multiplier: true },
        span_metrics: { enable_tracestate_span_multiplier: true },
      },
      storage: {
        path: `${dataDirectory}/generator`,
        ...(metrics && {
          remote_write: [
            { url: endpointUrl(metrics), send_exemplars: true, ...(metrics.headers && { headers: metrics.headers }) },
          ],
        }),
      },
    },
    overrides: {
      defaults: {
        ingestion: {
          rate_limit_bytes: sizing.rateLimitBytes,
          burst_size_bytes: Math.max(sizing.rateLimitBytes * 2, otlpMessageBytes),
          max_traces_per_user: sizing.maxLiveTraces,
        },
        ...(metrics && {
          metrics_generator: { processors: ["service-graphs", "span-metrics"], max_active_series: maxActiveSeries },
        }),
      },
      per_tenant_override_config: `${overridesDirectory}/overrides.yaml`,
      per_tenant_override_period: "10s",
    },
    usage_report: { reporting_enabled: false },
  };
}

function kafkaClient({ address, topic = "tempo", tls, credentials }: Kafka): object {
  return {
    address: addressOf(address),
    topic,
    ...(tls && { tls_enabled: true }),
    ...(credentials && { sasl_username: "${KAFKA_USERNAME}", sasl_password: "${KAFKA_PASSWORD}" }),
  };
}
