import { softMemoryShare } from "../kubernetes/index.ts";
import { MiB, otlpMessageBytes, type Resources } from "../sizing/index.ts";
import { largestMessageMiB } from "./queue.ts";

/** Section of a collector's configuration: settings by `type` or `type/name`. */
export type Blocks = Readonly<Record<string, unknown>>;

/** One pipeline of a collector. */
export interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** Configuration file of an OpenTelemetry Collector. */
export interface CollectorConfig {
  readonly receivers: Blocks;
  readonly processors: Blocks;
  readonly exporters: Blocks;
  readonly connectors?: Blocks;
  readonly extensions: Blocks;
  readonly service: {
    readonly extensions: readonly string[];
    readonly telemetry: Blocks;
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
}

/** Ports of every collector, by the name that Services, probes and monitors use. */
export const collectorPorts = { "otlp-grpc": 4317, "otlp-http": 4318, metrics: 8888, health: 13133 } as const;

/** Requests of one client from outside the cluster that are handled at the same time. */
const concurrentStreams = 128;

/**
 * An OTLP receiver on both protocols. Long-lived gRPC connections are closed periodically, so that clients are rebalanced over the pods.
 * @param authenticator extension that authenticates clients, whose requests are then limited too; by default anyone may send
 */
export function otlpReceiver(grpcPort: number, httpPort?: number, authenticator?: string): object {
  const authenticated = authenticator && { auth: { authenticator } };
  return {
    protocols: {
      grpc: {
        endpoint: `0.0.0.0:${grpcPort}`,
        max_recv_msg_size_mib: largestMessageMiB,
        keepalive: { server_parameters: { max_connection_age: "60s", max_connection_age_grace: "10s" } },
        ...(authenticated && { max_concurrent_streams: concurrentStreams, ...authenticated }),
      },
      ...(httpPort && {
        http: {
          endpoint: `0.0.0.0:${httpPort}`,
          ...(authenticated && { max_request_body_size: otlpMessageBytes, read_timeout: "30s", ...authenticated }),
        },
      }),
    },
  };
}

/** `memory_limiter`, the first processor of every pipeline: refuses data before the process is OOM-killed. */
export function memoryLimiter(resources: Resources): object {
  const limit = (resources.memoryLimitBytes ?? resources.memoryBytes) / MiB;
  return {
    check_interval: "1s",
    limit_mib: Math.floor(limit * softMemoryShare),
    spike_limit_mib: Math.floor(limit * (1 - softMemoryShare)),
  };
}

/**
 * The collector's own metrics on :8888, for Prometheus. An explicit reader omits `_total` and
 * units from metric names by default, but published dashboards and rules expect them.
 */
export function selfTelemetry(level: "normal" | "detailed"): Blocks {
  const names = { without_type_suffix: false, without_units: false, without_scope_info: true };
  const exporter = { prometheus: { host: "0.0.0.0", port: collectorPorts.metrics, ...names } };
  return { metrics: { level, readers: [{ pull: { exporter } }] } };
}

/** The health endpoint for probes. */
export const healthCheck = { health_check: { endpoint: `0.0.0.0:${collectorPorts.health}` } } as const;

/** Processors with which agents add attributes of the sender and its location to every resource. */
export const podAttributes = [
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.pod.uid",
  "k8s.pod.start_time",
  "k8s.node.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.job.name",
  "k8s.cronjob.name",
];
