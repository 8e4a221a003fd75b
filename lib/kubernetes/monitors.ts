import type { IRelabelConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/RelabelConfig";
import type { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import type { ComponentChart } from "./chart.ts";
import type { Labels } from "./labels.ts";
import { selectorLabels } from "./labels.ts";
import type { Pods } from "./network.ts";

/** Label by which Prometheus selects monitors and rules. */
const releaseLabel = "release";

/** Its value on monitors and rules of anyone: the default of the kube-prometheus-stack Helm chart. */
const sharedRelease = "kube-prometheus-stack";

/** Its value on monitors and rules of one stack, and that of the labels of its dashboards and data sources. A cluster may have several, each with a Prometheus and a Grafana of its own. */
export const ownRelease = (stack: string): string => `skopos-${stack}`;

/** Labels by which Prometheus selects a chart's monitors and rules. */
export function monitorLabels({ stack }: Pick<ComponentChart, "stack">): Labels {
  return { [releaseLabel]: stack === undefined ? sharedRelease : ownRelease(stack) };
}

/** Selects monitors and rules of anyone, and of the chart's own stack, but not those of other stacks. */
export function monitorSelector({ stack }: Pick<ComponentChart, "stack">): {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: { key: string; operator: "In"; values: string[] }[];
} {
  if (stack === undefined) return { matchLabels: { [releaseLabel]: sharedRelease } };
  return { matchExpressions: [{ key: releaseLabel, operator: "In", values: [sharedRelease, ownRelease(stack)] }] };
}

/** Label of PrometheusRules that says who evaluates them: `prometheus` or `mimir`. Without it, the stack's evaluator does. */
export const evaluatorLabel = "skopos.dev/evaluator";

/**
 * Limits of the attributes that collectors convert to labels, below those of the scrape. Resources of Java applications on
 * EC2 have about 40 attributes.
 */
export const labelLimits = {
  /** Longest name and value. Prometheus counts bytes. */
  nameBytes: 200,
  valueBytes: 1_000,
  /** Attributes of a resource, and of a data point. */
  resourceAttributes: 48,
  pointAttributes: 24,
} as const;

/** Labels that are not attributes: those of the scrape, `le`, and the marker of truncated values. */
const otherLabels = 24;

/**
 * Scrape limits per class of target: how many series a target may have before its scrape fails, and how many targets a
 * monitor may have. From the per-object figures of the cardinality tiers (node about 100 series, service 500, pod 5 k, container
 * 10 k, application 100 k) and from the 5,000 nodes that Kubernetes supports in a cluster.
 */
export const cardinalityClasses = {
  /** Our own infrastructure: tens of kilobytes per scrape, at most one target per node. */
  infrastructure: { sampleLimit: 50_000, targetLimit: 10_000, labelLimit: 40 },
  /** What grows with the cluster: kube-state-metrics, cAdvisor, the collectors' :8889. */
  cluster: {
    sampleLimit: 1_000_000,
    targetLimit: 10_000,
    labelLimit: labelLimits.resourceAttributes + labelLimits.pointAttributes + otherLabels,
  },
  /** Applications: the source's tier of about 100 k series. */
  application: { sampleLimit: 100_000, targetLimit: 5_000, labelLimit: 40 },
} as const;

export type CardinalityClass = keyof typeof cardinalityClasses;

/** Far above the labels of the stack; a longer label usually contains data that does not belong there. */
const labelLengths = { labelNameLengthLimit: 256, labelValueLengthLimit: 1024 } as const;

/** All limits of a class, as fields of monitors and of the Prometheus resource. */
export function scrapeLimits(name: CardinalityClass) {
  return { ...cardinalityClasses[name], ...labelLengths };
}

export interface ServiceMonitorProps {
  readonly part: string;
  /** @default the part's workload name */
  readonly name: string;
  /** Namespace of the monitor and of its Service. @default the component's */
  readonly namespace?: string;
  /** Labels of the one Service it selects. @default the part's selector labels */
  readonly selector?: Labels;
  /** Name of the Service's port. */
  readonly port: string;
  /** Number of that port on the pods, for the network policy. */
  readonly targetPort: number;
  /** @default "/metrics" */
  readonly path?: string;
  /** @default Prometheus' own interval */
  readonly interval?: string;
  /** Whether the target's own `job` and `instance` labels take precedence. @default false */
  readonly honorLabels?: boolean;
  /** Label of the Service whose value becomes `job`. @default its name */
  readonly jobLabel?: string;
  readonly class: CardinalityClass;
  /** @default "http" */
  readonly scheme?: "http" | "https";
  /** @default none */
  readonly metricRelabelings?: readonly IRelabelConfig[];
  /** @default none */
  readonly relabelings?: readonly IRelabelConfig[];
  /** The pods behind the Service. @default those of the part */
  readonly pods?: Pods;
}

/** Adds a ServiceMonitor that Prometheus will find, bounded by its cardinality class. */
export function serviceMonitor(chart: ComponentChart, props: ServiceMonitorProps): void {
  const monitor: IServiceMonitor = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: chart.metadata(props.name, props.part, monitorLabels(chart), props.namespace),
    spec: {
      namespaceSelector: { matchNames: [props.namespace ?? chart.home] },
      selector: { matchLabels: { ...(props.selector ?? selectorLabels(chart.identity(props.part))) } },
      ...(props.jobLabel && { jobLabel: props.jobLabel }),
      ...scrapeLimits(props.class),
      endpoints: [
        {
          port: props.port,
          path: props.path ?? "/metrics",
          ...(props.interval && { interval: props.interval }),
          honorLabels: props.honorLabels ?? false,
          ...(props.scheme && { scheme: props.scheme }),
          ...(props.relabelings && { relabelings: [...props.relabelings] }),
          ...(props.metricRelabelings && { metricRelabelings: [...props.metricRelabelings] }),
        },
      ],
    },
  };
  chart.add(monitor);
  chart.scrapes.push({ pods: props.pods ?? chart.pods(props.part), port: props.targetPort });
}
