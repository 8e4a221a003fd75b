import { stringify } from "yaml";
import {
  type ComponentChart,
  configMap,
  configVolume,
  daemonSet,
  type EnvValue,
  goMemoryLimit,
  type Labels,
  type Mount,
  type Pods,
  selectorLabels,
  service,
  serviceMonitor,
  statefulSet,
} from "../kubernetes/index.ts";
import type { WorkloadSize } from "../sizing/index.ts";
import { type CollectorConfig, collectorPorts } from "./config.ts";
import { collectorResource } from "./operator.ts";

/** `native`: workloads of ours. `operator`: an OpenTelemetryCollector that the OpenTelemetry operator runs. */
export const collectorModes = ["native", "operator"] as const;
export type CollectorMode = (typeof collectorModes)[number];

/** The three Services that the operator makes for a collector; native collectors have the same, by the same names. */
export type ServiceType = "base" | "headless" | "monitoring";

/** A collector to run. */
export interface CollectorProps {
  readonly mode: CollectorMode;
  readonly kind: "DaemonSet" | "StatefulSet";
  readonly config: CollectorConfig;
  readonly sized: WorkloadSize;
  /** Ports beyond OTLP, self-telemetry and health, by name. @default none */
  readonly ports?: Readonly<Record<string, number>>;
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts?: readonly Mount[];
  readonly serviceAccount?: string;
  readonly terminationGraceSeconds: number;
  /** Whether clients must reach the collector of their own node. @default false */
  readonly nodeLocal?: boolean;
  readonly nodeSelector?: Labels;
  /** Run on every node, whatever its taints. @default false */
  readonly everyNode?: boolean;
}

/** Uid of the collector's image. */
export const collectorUser = 10001;

/** Name of a collector's workload and of its base Service. */
export const collectorName = (chart: ComponentChart): string => `${chart.name}-collector`;

const serviceTypeLabel = "operator.opentelemetry.io/collector-service-type";

/** The collector's pods, by the labels of whoever makes them. */
export function collectorPods(chart: ComponentChart, mode: CollectorMode): Pods {
  return chart.pods(chart.component, mode === "operator" ? operatorLabels(chart) : undefined);
}

function operatorLabels(chart: ComponentChart): Labels {
  return {
    "app.kubernetes.io/managed-by": "opentelemetry-operator",
    "app.kubernetes.io/component": "opentelemetry-collector",
    "app.kubernetes.io/instance": `${chart.home}.${chart.name}`,
  };
}

/** Labels that exactly one Service of a collector carries, in either mode. */
export function collectorServiceLabels(chart: ComponentChart, mode: CollectorMode, type: ServiceType): Labels {
  return {
    "app.kubernetes.io/name": collectorName(chart),
    "app.kubernetes.io/managed-by": mode === "operator" ? "opentelemetry-operator" : "skopos",
    [serviceTypeLabel]: type,
  };
}

/** Adds a collector with its Services and the monitor of its own metrics. */
export function collector(chart: ComponentChart, props: CollectorProps): void {
  if (props.mode === "operator") chart.add(collectorResource(chart, props));
  else nativeCollector(chart, props);
  serviceMonitor(chart, {
    part: chart.component,
    name: `${collectorName(chart)}-self`,
    selector: collectorServiceLabels(chart, props.mode, "monitoring"),
    pods: collectorPods(chart, props.mode),
    port: props.mode === "operator" ? "monitoring" : "metrics",
    targetPort: collectorPorts.metrics,
    class: "infrastructure",
  });
}

function nativeCollector(chart: ComponentChart, props: CollectorProps): void {
  const part = chart.component;
  const name = collectorName(chart);
  const config = configMap(chart, part, name, { "collector.yaml": stringify(props.config, { lineWidth: 0 }) });
  const pod = {
    part,
    name,
    sized: props.sized,
    user: collectorUser,
    ...(props.serviceAccount && { serviceAccount: props.serviceAccount }),
    terminationGraceSeconds: props.terminationGraceSeconds,
    ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
    ...(props.everyNode && { tolerations: [{ operator: "Exists" as const }] }),
    containers: [
      {
        name: "collector",
        image: "otel-collector",
        args: ["--config=/etc/otelcol/collector.yaml"],
        env: { ...props.env, GOMEMLIMIT: goMemoryLimit(props.sized) },
        ports: { ...collectorPorts, ...props.ports },
        probes: { port: "health", readiness: "/", liveness: "/", startupSeconds: 60 },
        mounts: [{ volume: configVolume(config, "config"), path: "/etc/otelcol" }, ...(props.mounts ?? [])],
      },
    ],
  } as const;
  const { metrics, health: _, ...otlp } = collectorPorts;
  const selector = selectorLabels(chart.identity(part));
  const data = { ...otlp, ...props.ports };
  service(chart, {
    part,
    name,
    selector,
    ports: data,
    labels: collectorServiceLabels(chart, props.mode, "base"),
    ...(props.nodeLocal && { internalTrafficPolicy: "Local" }),
  });
  service(chart, {
    part,
    name: `${name}-headless`,
    selector,
    ports: data,
    headless: true,
    labels: collectorServiceLabels(chart, props.mode, "headless"),
  });
  service(chart, {
    part,
    name: `${name}-monitoring`,
    selector,
    ports: { metrics },
    labels: collectorServiceLabels(chart, props.mode, "monitoring"),
  });
  if (props.kind === "DaemonSet") daemonSet(chart, pod);
  else statefulSet(chart, { ...pod, serviceName: `${name}-headless` });
}
