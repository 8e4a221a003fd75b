import type { Construct } from "constructs";
import {
  ComponentChart,
  type ComponentProps,
  dashboardConfigMap,
  type Endpoint,
  type ObjectStore,
  rules,
  serviceHost,
} from "../../lib/kubernetes/index.ts";
import { type Retention, retentionProfiles, type Workload, workloads } from "../../lib/sizing/index.ts";
import { type JaegerStorage, jaegerPorts } from "./jaeger/config.ts";
import { jaeger } from "./jaeger/workloads.ts";
import { tracesAlerts } from "./monitoring/alerts.ts";
import { tracesDashboard } from "./monitoring/dashboards.ts";
import { sizeTraces, type TracesSizing } from "./sizing.ts";
import { type Kafka, tempoPorts } from "./tempo/config.ts";
import { tempoServiceName } from "./tempo/pod.ts";
import { tempo } from "./tempo/tempo.ts";

/** What keeps the traces. Somebody else's is an endpoint only, and no chart. */
export const tracesBackends = ["jaeger", "tempo"] as const;
export type TracesBackend = (typeof tracesBackends)[number];

export interface TracesProps extends ComponentProps {
  /** @default "jaeger" */
  readonly backend?: TracesBackend;
  /** What it has to hold. @default the `small` workload */
  readonly workload?: Workload;
  /** How long sampled traces are kept. @default the `standard` profile: 7 d */
  readonly retention?: Retention;
  /** @default computed from the workload, as if the gateway kept every trace */
  readonly sizing?: TracesSizing;
  /** Jaeger: where it keeps spans. @default badger, on the pod's own disk */
  readonly storage?: JaegerStorage;
  /** Tempo: where it keeps blocks. @default "filesystem": the pod's own disk */
  readonly objectStore?: ObjectStore;
  /** Tempo: bucket or container; it exists already. @default "tempo" */
  readonly bucket?: string;
  /** Tempo: the queue that the scalable form needs. @default none: one process */
  readonly kafka?: Kafka;
  /** Tempo: where span metrics and the service graph go, by remote write. @default nowhere: there are none */
  readonly metrics?: Endpoint;
}

export interface TracesEndpoints {
  /** OTLP/gRPC, for what the gateway has kept. */
  readonly otlp: Endpoint & { readonly backend: TracesBackend };
  /** The backend's query API: what Grafana connects to. */
  readonly query: Endpoint & { readonly backend: TracesBackend };
}

/** The store of sampled traces: Jaeger or Tempo. */
export class TracesChart extends ComponentChart<TracesEndpoints> {
  readonly endpoints: TracesEndpoints;
  readonly sizing: TracesSizing;

  constructor(scope: Construct, id: string, props: TracesProps) {
    const backend = props.backend ?? "jaeger";
    super(scope, id, "traces", { ...props, name: props.name ?? backend });
    const retention = props.retention ?? retentionProfiles.standard;
    const objectStore = props.objectStore ?? { kind: "filesystem" };
    const storage = props.storage ?? { kind: "badger" };
    this.sizing =
      props.sizing ??
      sizeTraces({
        backend,
        workload: props.workload ?? workloads.small,
        availability: "single",
        retention,
        storage: storage.kind,
        filesystem: objectStore.kind === "filesystem",
        scalable: props.kafka !== undefined,
      });
    const { sizing } = this;
    if (sizing.backend === "jaeger") {
      jaeger(this, sizing.jaeger, storage, retention.traces);
    } else {
      tempo(this, {
        sizing: sizing.tempo,
        retentionSeconds: retention.traces,
        objectStore,
        bucket: props.bucket ?? "tempo",
        ...(props.kafka && { kafka: props.kafka }),
        ...(props.metrics && { metrics: props.metrics }),
      });
      if (props.metrics && sizing.tempo.mode === "monolithic") {
        this.connectsTo(this.pods(this.component), props.metrics, "span metrics and service graph");
      }
      if (objectStore.kind !== "filesystem") this.objectStorage.push(sizing.tempo.objectStorage);
    }
    rules(this, this.component, tracesAlerts(this, sizing));
    dashboardConfigMap(this, tracesDashboard(this, sizing));
    this.endpoints = this.publish(sizing);
  }

  private publish(sizing: TracesSizing): TracesEndpoints {
    const { backend } = sizing;
    const one = { host: serviceHost(this, this.name), pods: this.pods(this.component), backend };
    if (sizing.backend === "jaeger") {
      return {
        otlp: { ...one, scheme: "grpc", port: jaegerPorts["otlp-grpc"] },
        query: { ...one, scheme: "http", port: jaegerPorts.query },
      };
    }
    const front = (part: "distributor" | "query-frontend") =>
      sizing.tempo.mode === "monolithic"
        ? one
        : { host: serviceHost(this, tempoServiceName(this, part)), pods: this.pods(part), backend };
    return {
      otlp: { ...front("distributor"), scheme: "grpc", port: tempoPorts["otlp-grpc"] },
      query: { ...front("query-frontend"), scheme: "http", port: tempoPorts.http },
    };
  }
}
