import { type Endpoint, type ObjectStore, type SecretKey, url } from "../../../lib/kubernetes/index.ts";
import { otlpReceiver } from "../../../lib/otel/index.ts";
import { formatDuration } from "../../../lib/sizing/index.ts";
import type { TempoSizing } from "./sizing.ts";

/** Ports of every Tempo process, by the name that Services, probes and monitors use. */
export const tempoPorts = { http: 3200, grpc: 9095, gossip: 7946, "otlp-grpc": 4317, "otlp-http": 4318 } as const;

/** The pod's disk. */
export const tempoDataFolder = "/var/tempo";

/** The queue between Tempo's services: somebody's Kafka, Redpanda or the like. */
export interface Kafka {
  /** `host:port` of a broker. */
  readonly address: string;
  /** @default "tempo" */
  readonly topic?: string;
  /** @default false */
  readonly tls?: boolean;
  /** User name and password (SASL/PLAIN), in a Secret of the component's namespace. @default none */
  readonly credentials?: { readonly username: SecretKey; readonly password: SecretKey };
}

/** Variables that carry Kafka's credentials into the config. */
export function kafkaEnv(kafka: Kafka | undefined): Readonly<Record<string, SecretKey>> {
  if (!kafka?.credentials) return {};
  return { KAFKA_USERNAME: kafka.credentials.username, KAFKA_PASSWORD: kafka.credentials.password };
}

/** Addresses at which the services of a scalable Tempo find each other, each `host:port`. */
export interface TempoAddresses {
  readonly memberlist: string;
  readonly queryFrontend: string;
  readonly backendScheduler: string;
}

export interface TempoConfigProps {
  readonly sizing: TempoSizing;
  readonly retentionSeconds: number;
  readonly objectStore: ObjectStore;
  readonly bucket: string;
  readonly gossipLabel: string;
  readonly addresses: TempoAddresses;
  readonly kafka?: Kafka;
  /** Where span metrics and the service graph go, by remote write. Absent: there are none. */
  readonly metrics?: Endpoint;
}

/** Tempo's configuration file, one for every process; `-target` says which it is. Unknown keys stop Tempo at start. */
export function tempoConfig(props: TempoConfigProps): Readonly<Record<string, unknown>> {
  const { sizing, addresses, kafka, metrics } = props;
  const scalable = sizing.mode === "scalable";
  // The scheduler decides what is deleted; the worker is told the same, or it would keep its own 14 d.
  const retention = {
    block_retention: formatDuration(props.retentionSeconds, "h"),
    compacted_block_retention: "1h",
  };
  return {
    server: { http_listen_port: tempoPorts.http, grpc_listen_port: tempoPorts.grpc },
    distributor: {
      receivers: { otlp: otlpReceiver(tempoPorts["otlp-grpc"], tempoPorts["otlp-http"]) },
    },
    ...(scalable && {
      memberlist: {
        abort_if_cluster_join_fails: false,
        bind_port: tempoPorts.gossip,
        cluster_label: props.gossipLabel,
        join_members: [addresses.memberlist],
      },
      ...(kafka && { ingest: { kafka: kafkaClient(kafka) } }),
      block_builder: { partitions_per_instance: 1 },
      querier: { frontend_worker: { frontend_address: addresses.queryFrontend } },
    }),
    backend_scheduler: {
      local_work_path: `${tempoDataFolder}/scheduler`,
      provider: { compaction: { compaction: retention } },
    },
    backend_worker: {
      ...(scalable && {
        backend_scheduler_addr: addresses.backendScheduler,
        ring: { kvstore: { store: "memberlist" } },
      }),
      compaction: retention,
    },
    storage: { trace: { ...traceStorage(props), wal: { path: `${tempoDataFolder}/wal` } } },
    metrics_generator: {
      storage: {
        path: `${tempoDataFolder}/generator`,
        ...(metrics && {
          remote_write: [
            { url: url(metrics), send_exemplars: true, ...(metrics.headers && { headers: metrics.headers }) },
          ],
        }),
      },
    },
    overrides: {
      defaults: {
        ingestion: {
          rate_limit_bytes: sizing.rateLimitBytes,
          burst_size_bytes: sizing.rateLimitBytes * 2,
          max_traces_per_user: sizing.maxLiveTraces,
        },
        ...(metrics && { metrics_generator: { processors: ["service-graphs", "span-metrics"] } }),
      },
    },
    usage_report: { reporting_enabled: false },
  };
}

function kafkaClient({ address, topic = "tempo", tls, credentials }: Kafka): object {
  return {
    address,
    topic,
    ...(tls && { tls_enabled: true }),
    ...(credentials && { sasl_username: "${KAFKA_USERNAME}", sasl_password: "${KAFKA_PASSWORD}" }),
  };
}

/** Keys are expanded from the environment; without them the pod's identity counts. */
function traceStorage({ objectStore: store, bucket }: TempoConfigProps): object {
  switch (store.kind) {
    case "filesystem":
      return { backend: "local", local: { path: `${tempoDataFolder}/blocks` } };
    case "gcs":
      return { backend: "gcs", gcs: { bucket_name: bucket } };
    case "azure":
      return {
        backend: "azure",
        azure: {
          storage_account_name: store.account,
          container_name: bucket,
          ...(store.credentials
            ? { storage_account_key: "${OBJECT_STORE_ACCOUNT_KEY}" }
            : { use_federated_token: true }),
        },
      };
    case "s3":
      return {
        backend: "s3",
        s3: {
          bucket,
          endpoint: store.endpoint,
          region: store.region,
          ...(store.insecure && { insecure: true }),
          ...(store.credentials && {
            access_key: "${OBJECT_STORE_ACCESS_KEY}",
            secret_key: "${OBJECT_STORE_SECRET_KEY}",
          }),
        },
      };
  }
}
