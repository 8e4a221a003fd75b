import {
  type ComponentProps,
  type Endpoint,
  sizeOverride,
  sizeOverrides,
  type TenantNamespaces,
} from "../../lib/kubernetes/index.ts";
import {
  type Availability,
  completeWorkload,
  mergeOverrides,
  type Retention,
  retentionProfiles,
  type Workload,
} from "../../lib/sizing/index.ts";
import type { AlertRouting } from "./alertmanager/config.ts";
import type { ControlPlanePart } from "./control-plane/targets.ts";
import type { StateMetrics } from "./exporters/kube-state-metrics.ts";
import type { AdditionalRemoteWrite } from "./prometheus/additional-writes.ts";
import type { AdditionalScrape } from "./prometheus/scrape-configs.ts";
import type { AuthenticatedRoute } from "./route.ts";
import type { KubePrometheusLoad, KubePrometheusSizes } from "./sizing.ts";

export interface KubePrometheusProps extends ComponentProps {
  /** Namespace of node-exporter, which needs Pod Security level `privileged`. */
  readonly agentsNamespace: string;
  /** What has to be monitored. @default those of `workloads.small` */
  readonly workload?: Partial<Workload>;
  /** Whether components survive the loss of a pod or a node. @default "redundant" */
  readonly availability?: Availability;
  /** Of which `prometheus` is used: seconds for which Prometheus keeps its own blocks. @default the `standard` profile: 15 d */
  readonly retention?: Retention;
  /** Number of Prometheus shards. More than one needs `remoteWrite`. @default one per 2.5 million active series, one without `remoteWrite` */
  readonly shards?: number;
  /** Prometheus pods per shard. @default 2 above one million active series if `redundant`, else 1 */
  readonly replicas?: number;
  /** Values that replace computed resources: `{prometheus: {memoryBytes: 8 * GiB}}`. @default computed from the workload */
  readonly sizes?: KubePrometheusSizes;
  /**
   * Remote-write endpoint that receives every sample, such as Mimir's push endpoint with the tenant header.
   * @default none
   * @see https://prometheus.io/docs/practices/remote_write/
   */
  readonly remoteWrite?: Endpoint;
  /** Stores to which series are sent in addition to `remoteWrite`. @default none */
  readonly additionalWrites?: readonly AdditionalRemoteWrite[];
  /** Targets beside those of the monitors. @default none */
  readonly additionalScrapes?: readonly AdditionalScrape[];
  /** Namespaces whose series are written to `remoteWrite` as another tenant. @default none */
  readonly tenantNamespaces?: TenantNamespaces;
  /**
   * Remote-read endpoint for samples older than the local blocks. Only valid with one shard.
   * @default none: Grafana queries the long-term store directly
   */
  readonly remoteRead?: Endpoint;
  /**
   * Accept remote-write requests, from Alloy or a collector. Only valid with a single Prometheus pod, since each sample
   * would reach only one of several.
   * @default false
   */
  readonly remoteWriteReceiver?: boolean;
  /** Select every monitor and rule in the cluster, not only those labelled `release: kube-prometheus-stack`. @default false */
  readonly watchAllMonitors?: boolean;
  /**
   * URL at which people reach Prometheus: the start of the links in alerts.
   * @default the Service's, which browsers outside the cluster cannot open
   */
  readonly externalUrl?: string;
  /** How users reach Prometheus from outside the cluster; its host is the default of `externalUrl`. @default they do not */
  readonly route?: AuthenticatedRoute;
  /** Exemplars kept in memory; 0 disables them. @default 100000 */
  readonly exemplars?: number;
  /** Receivers of alerts. @default none: alerts are visible in Alertmanager and Grafana only */
  readonly alerts?: AlertRouting;
  /** Externally managed Prometheus or Alertmanager: none is deployed, and its endpoint is used. @default both are deployed */
  readonly external?: { readonly prometheus?: Endpoint; readonly alertmanager?: Endpoint };
  /** Install the operator's CustomResourceDefinitions. @default true */
  readonly crds?: boolean;
  /** Install the operator. Set to false if the cluster already runs one. @default true */
  readonly operator?: boolean;
  /** Install kube-state-metrics. @default true */
  readonly kubeStateMetrics?: boolean;
  /** What kube-state-metrics exposes beyond its default: labels, annotations and custom resources. @default nothing */
  readonly stateMetrics?: StateMetrics;
  /** Install node-exporter. Set to false if Alloy provides host metrics. @default true, false on platforms that do not allow host agents */
  readonly nodeExporter?: boolean;
  /** Whether Alloy provides host metrics under node-exporter's names, so that node rules and dashboards are deployed. @default false */
  readonly hostMetrics?: boolean;
  /** Skip verification of the kubelets' serving certificates, for clusters whose kubelets use self-signed ones. @default false */
  readonly kubeletInsecure?: boolean;
  /** Control plane components to monitor. @default those that the platform exposes in its default configuration */
  readonly controlPlane?: readonly ControlPlanePart[];
}

export interface KubePrometheusEndpoints {
  /** HTTP API of Prometheus. A shard only has the series of its own targets: with several shards, query Mimir. */
  readonly prometheus: Endpoint;
  /** Alertmanager. */
  readonly alertmanager: Endpoint;
  /** Remote write into Prometheus. Absent unless `remoteWriteReceiver` is set. */
  readonly remoteWrite?: Endpoint;
}

/** Workloads beside Prometheus, whose options have their names, and the keys of their sizes. */
export const sizeKeys = {
  operator: "operator",
  alertmanager: "alertmanager",
  "kube-state-metrics": "kubeStateMetrics",
  "node-exporter": "nodeExporter",
} as const satisfies Record<string, keyof KubePrometheusSizes>;

/** A workload beside Prometheus. */
export type OperatedWorkload = keyof typeof sizeKeys;

/** The load that sizes are computed from, with defaults for what the props leave out. */
export function loadOf(props: KubePrometheusProps): KubePrometheusLoad {
  const { shards, replicas } = props;
  const { replicas: _, ...own } = sizeOverride(props);
  const stated = sizeOverrides<OperatedWorkload>(props, undefined);
  const sizes = mergeOverrides<keyof KubePrometheusSizes>(props.sizes, {
    prometheus: own,
    ...Object.fromEntries(Object.entries(sizeKeys).map(([name, key]) => [key, stated[name as OperatedWorkload] ?? {}])),
  });
  return {
    workload: completeWorkload(props.workload),
    availability: props.availability ?? "redundant",
    retention: props.retention ?? retentionProfiles.standard,
    longTerm: props.remoteWrite !== undefined,
    writes: {
      tenants: props.remoteWrite ? Object.keys(props.tenantNamespaces ?? {}).length : 0,
      additional: props.additionalWrites?.length ?? 0,
    },
    ...(shards !== undefined && { shards }),
    ...(replicas !== undefined && { replicas }),
    sizes,
  };
}
