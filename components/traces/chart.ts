import type { Construct } from "constructs";
import { ComponentChart, dashboardConfigMap, partName, rules, serviceHost } from "../../lib/kubernetes/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import { jaegerPorts } from "./jaeger/config.ts";
import { jaeger } from "./jaeger/workloads.ts";
import { tracesAlerts } from "./monitoring/alerts.ts";
import { tracesDashboard } from "./monitoring/dashboards.ts";
import { resolveTracesProps, type TracesEndpoints, type TracesProps, tracesLoad } from "./props.ts";
import { tracesShape } from "./shape.ts";
import { sizeTraces, type TracesSizing } from "./sizing.ts";
import { tempoPorts } from "./tempo/config.ts";
import { tempo } from "./tempo/tempo.ts";
import { validateTraces } from "./validate.ts";

/** The backend of sampled traces: Jaeger or Tempo. */
export class TracesChart extends ComponentChart<TracesEndpoints> {
  /** What each of its props may be. */
  static readonly shape = tracesShape;

  readonly endpoints: TracesEndpoints;
  /** Computed replicas and resources, with the reason for each number. */
  readonly sizing: TracesSizing;

  /** @throws InvalidPropsError listing every finding of {@link validateTraces} */
  constructor(scope: Construct, id: string, props: TracesProps) {
    const resolved = resolveTracesProps(props);
    super(scope, id, "traces", { ...props, name: props.name ?? resolved.backend }, { image: resolved.backend });
    assertValid("TracesChart", id, validateTraces(props));
    this.sizing = sizeTraces(tracesLoad(resolved));
    const { sizing } = this;
    const retentionSeconds = resolved.retention.traces;
    if (sizing.backend === "jaeger") {
      jaeger(this, sizing.jaeger, resolved.storage, retentionSeconds);
    } else {
      const { objectStore, bucket, kafka, metrics } = resolved;
      tempo(this, {
        sizing: sizing.tempo,
        retentionSeconds,
        objectStore,
        bucket,
        limits: props.limits ?? {},
        ...(kafka && { kafka }),
        ...(metrics && { metrics }),
      });
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
    const front = (service: "distributor" | "query-frontend") =>
      sizing.tempo.mode === "monolithic"
        ? one
        : { host: serviceHost(this, partName(this, service)), pods: this.pods(service), backend };
    return {
      otlp: { ...front("distributor"), scheme: "grpc", port: tempoPorts["otlp-grpc"] },
      query: { ...front("query-frontend"), scheme: "http", port: tempoPorts.http },
    };
  }
}
