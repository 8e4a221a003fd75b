import type { ComponentChart, EnvValue, Labels, Mount, Pods } from "../kubernetes/index.ts";
import type { WorkloadSize } from "../sizing/index.ts";
import type { CollectorAdditions } from "./additions/props.ts";
import type { CollectorConfig } from "./config.ts";

/** `native`: workloads of this package. `operator`: an OpenTelemetryCollector, run by the OpenTelemetry operator. */
export const collectorModes = ["native", "operator"] as const;
export type CollectorMode = (typeof collectorModes)[number];

/** The three Services that the operator creates for a collector; native collectors have the same ones. */
export type ServiceType = "base" | "headless" | "monitoring";

/** Props of a collector. */
export interface CollectorProps {
  readonly mode: CollectorMode;
  readonly kind: "DaemonSet" | "StatefulSet";
  readonly config: CollectorConfig;
  readonly sized: WorkloadSize;
  /** Ports beyond OTLP, self-telemetry and health, by name. @default none */
  readonly ports?: Readonly<Record<string, number>>;
  /** Ports among them that are UDP. @default none */
  readonly udp?: readonly string[];
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts?: readonly Mount[];
  readonly serviceAccount?: string;
  readonly terminationGraceSeconds: number;
  /** Whether clients must reach the collector of their own node. @default false */
  readonly nodeLocal?: boolean;
  readonly nodeSelector?: Labels;
  /** Feature gates to enable. @default none */
  readonly featureGates?: readonly string[];
  /** Components and pipelines of the user's own. @default none */
  readonly additions?: CollectorAdditions;
  /** Whether clients route each trace and each series to one of several collectors. @default false */
  readonly routed?: boolean;
  /** Tolerate all taints, to run on every node. @default false */
  readonly everyNode?: boolean;
}

/** Uid of the collector's image. */
export const collectorUser = 10001;

/** Name of a collector's workload and of its base Service. */
export const collectorName = (chart: ComponentChart): string => `${chart.name}-collector`;

const serviceTypeLabel = "operator.opentelemetry.io/collector-service-type";

/** The collector's pods, by the labels that the operator or the native workload gives them. */
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

/** Labels of exactly one Service of a collector, in both modes. */
export function collectorServiceLabels(chart: ComponentChart, mode: CollectorMode, type: ServiceType): Labels {
  return {
    "app.kubernetes.io/name": collectorName(chart),
    "app.kubernetes.io/managed-by": mode === "operator" ? "opentelemetry-operator" : "skopos",
    [serviceTypeLabel]: type,
  };
}
