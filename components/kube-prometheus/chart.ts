import type { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import {
  allowsHostAgents,
  apiServerPorts,
  ComponentChart,
  type ComponentProps,
  dashboardConfigMap,
  type Endpoint,
  type Pods,
  rules,
  type ScrapeTarget,
} from "../../lib/kubernetes/index.ts";
import { type Availability, type Retention, type Workload, workloads } from "../../lib/sizing/index.ts";
import { alertmanager } from "./alertmanager/alertmanager.ts";
import type { AlertRouting } from "./alertmanager/config.ts";
import { controlPlaneMonitors, kubeletMonitor } from "./control-plane/monitors.ts";
import { type ControlPlanePart, exposed, exposesKubelet, watchedByDefault } from "./control-plane/targets.ts";
import { clusterDashboard } from "./dashboards/cluster.ts";
import { kubePrometheusDashboard } from "./dashboards/prometheus.ts";
import { kubeStateMetrics } from "./exporters/kube-state-metrics.ts";
import { nodeExporter } from "./exporters/node-exporter.ts";
import { crds } from "./operator/crds.ts";
import { operator } from "./operator/operator.ts";
import { alerting, externalAlertmanager } from "./prometheus/alerting.ts";
import { haClusterLabel, prometheus } from "./prometheus/prometheus.ts";
import { type Monitored, ruleGroups } from "./rules/groups.ts";
import { defaultLoad, type KubePrometheusSizing, sizeKubePrometheus } from "./sizing.ts";

export interface KubePrometheusProps extends ComponentProps {
  /** Namespace of host-level agents, with Pod Security `privileged`: where node-exporter runs. */
  readonly agentsNamespace: string;
  /** What it has to carry. @default the `small` workload */
  readonly workload?: Workload;
  /** @default "redundant" */
  readonly availability?: Availability;
  /** @default the `standard` profile */
  readonly retention?: Retention;
  /** @default computed from the workload */
  readonly sizing?: KubePrometheusSizing;
  /** Where every sample goes: Mimir's push endpoint, with the tenant's header. @default nowhere */
  readonly remoteWrite?: Endpoint;
  /** Where older samples come from: Mimir's read endpoint. Only for one shard. @default none: Grafana asks Mimir itself */
  readonly remoteRead?: Endpoint;
  /** Accept samples from others (Alloy, a gateway). Only for a single process: of a pair just one would get them. @default false */
  readonly remoteWriteReceiver?: boolean;
  /** Heed every monitor and rule of the cluster, not just those labelled `release: kube-prometheus-stack`. @default false */
  readonly watchAllMonitors?: boolean;
  /** Exemplars kept in memory; 0 turns them off. @default 100000 */
  readonly exemplars?: number;
  /** Who is told of alerts. @default nobody */
  readonly alerts?: AlertRouting;
  /** A Prometheus or an Alertmanager that is somebody else's: it is not made, its endpoint is used. @default both are made */
  readonly external?: { readonly prometheus?: Endpoint; readonly alertmanager?: Endpoint };
  /** Whether the operator's resource definitions are brought along. @default true */
  readonly crds?: boolean;
  /** Whether the operator is; false where the cluster has one. @default true */
  readonly operator?: boolean;
  /** @default true */
  readonly kubeStateMetrics?: boolean;
  /** Whether node-exporter runs; false where Alloy takes the hosts' metrics. @default where the platform allows host agents */
  readonly nodeExporter?: boolean;
  /** Whether metrics of the hosts come from elsewhere (Alloy), by node-exporter's names, so that their rules are there. @default false */
  readonly hostMetrics?: boolean;
  /** Accept any certificate of the kubelet: for clusters whose kubelets sign their own. @default false */
  readonly kubeletInsecure?: boolean;
  /** Parts of the control plane to watch. @default what the platform exposes without being told */
  readonly controlPlane?: readonly ControlPlanePart[];
}

export interface KubePrometheusEndpoints {
  /** HTTP API of Prometheus. With shards each answers for its targets alone: ask Mimir then. */
  readonly prometheus: Endpoint;
  /** The one Alertmanager. */
  readonly alertmanager: Endpoint;
  /** Remote write into Prometheus. Absent unless it was asked for. */
  readonly remoteWrite?: Endpoint;
}

/**
 * The Prometheus operator stack: operator, Prometheus (a pair, or shards of it, as the workload needs), the one
 * Alertmanager, kube-state-metrics, node-exporter, the monitors of the cluster itself, and the first set of alerts.
 */
export class KubePrometheusChart extends ComponentChart<KubePrometheusEndpoints> {
  readonly endpoints: KubePrometheusEndpoints;
  /** Sizes that were taken. */
  readonly sizing: KubePrometheusSizing;
  /** Label by which Mimir must group the replicas that send the same samples (`ha_cluster_label`). */
  readonly haClusterLabel: string;
  readonly #prometheus: Pods | undefined;

  constructor(scope: Construct, id: string, props: KubePrometheusProps) {
    super(scope, id, "kube-prometheus", props);
    const workload = props.workload ?? workloads.small;
    this.sizing =
      props.sizing ??
      sizeKubePrometheus(
        defaultLoad({
          workload,
          longTerm: props.remoteWrite !== undefined,
          ...(props.availability && { availability: props.availability }),
          ...(props.retention && { retention: props.retention }),
        }),
      );
    refuse(this.sizing, props);
    this.haClusterLabel = haClusterLabel(this.sizing);
    const { external = {} } = props;
    if (props.crds ?? true) crds(this);
    const reconciler = (props.operator ?? true) ? operator(this, this.sizing.operator) : undefined;

    const manager = external.alertmanager ?? alertmanager(this, this.sizing.alertmanager, props.alerts ?? {});
    const own = external.prometheus
      ? undefined
      : prometheus(this, {
          sizing: this.sizing,
          workload,
          remoteWriteReceiver: props.remoteWriteReceiver ?? false,
          watchAllMonitors: props.watchAllMonitors ?? false,
          kubeletInsecure: props.kubeletInsecure ?? false,
          exemplars: props.exemplars ?? 100_000,
          alertmanager: external.alertmanager ? externalAlertmanager(this, external.alertmanager) : alerting(this),
          ...(props.remoteWrite && { remoteWrite: props.remoteWrite }),
          ...(props.remoteRead && { remoteRead: props.remoteRead }),
        });
    this.#prometheus = own?.pods;
    const server = own ?? (external.prometheus as Endpoint);
    this.endpoints = {
      prometheus: server,
      alertmanager: manager,
      ...(own && props.remoteWriteReceiver && { remoteWrite: { ...own, path: "/api/v1/write" } }),
    };

    const monitored = this.#exporters(props);
    rules(this, this.component, ruleGroups(monitored));
    if (own) dashboardConfigMap(this, kubePrometheusDashboard);
    dashboardConfigMap(this, clusterDashboard(monitored), { folder: "Kubernetes" });
    if (own) this.#connect(own.pods, manager, props);
    if (reconciler) this.#finishBefore(reconciler);
  }

  /** What the operator makes pods of comes after the operator and goes before it: somebody must be there to clean up. */
  #finishBefore(reconciler: ApiObject): void {
    for (const object of this.apiObjects)
      if (object.kind === "Prometheus" || object.kind === "Alertmanager") object.addDependency(reconciler);
  }

  /** Lets Prometheus reach what the monitors of other components ask for. */
  connectScrapes(targets: readonly ScrapeTarget[]): void {
    if (!this.#prometheus) return;
    for (const { pods, port } of targets) this.connects(this.#prometheus, pods, [port], "scrape");
  }

  /** Adds what tells of the cluster, and answers with what is therefore known. */
  #exporters(props: KubePrometheusProps): Monitored {
    const { platform } = this.cluster;
    const stateMetrics = props.kubeStateMetrics ?? true;
    const nodes = props.nodeExporter ?? allowsHostAgents(platform);
    if (stateMetrics) kubeStateMetrics(this, this.sizing.kubeStateMetrics);
    if (nodes) nodeExporter(this, this.sizing.nodeExporter, props.agentsNamespace);
    const parts = (props.controlPlane ?? watchedByDefault(platform)).filter((part) => exposed[platform][part]);
    if (exposesKubelet(platform)) kubeletMonitor(this, this.#prometheus);
    controlPlaneMonitors(this, this.#prometheus, parts);
    return {
      prometheus: this.#prometheus !== undefined,
      plannedSeries: Math.ceil((props.workload ?? workloads.small).activeSeries / this.sizing.shards),
      remoteWrite: props.remoteWrite !== undefined,
      alertmanagers: props.external?.alertmanager ? 0 : this.sizing.alertmanager.replicas,
      operator: props.operator ?? true,
      kubeStateMetrics: stateMetrics,
      nodes: nodes || (props.hostMetrics ?? false),
      kubelets: exposesKubelet(platform),
      controlPlane: parts,
    };
  }

  #connect(prometheus: Pods, manager: Endpoint, props: KubePrometheusProps): void {
    this.connectScrapes(this.scrapes);
    this.connects(prometheus, "any pod", [], "metrics of applications");
    this.connects(prometheus, "api server", apiServerPorts, "where the targets are");
    for (const [to, why] of [
      [manager, "alerts"],
      [props.remoteWrite, "every sample, for the long term"],
      [props.remoteRead, "older samples"],
    ] as const) {
      if (to) this.connectsTo(prometheus, to, why);
    }
  }
}

/** What cannot work together, all at once. @throws RangeError */
function refuse(sizing: KubePrometheusSizing, props: KubePrometheusProps): void {
  const processes = sizing.shards * sizing.replicasPerShard;
  const wrong = [
    ...(sizing.shards > 1 && props.remoteRead
      ? [
          `remoteRead with ${sizing.shards} shards: each would read everybody's series beside its own targets. Let Grafana ask Mimir`,
        ]
      : []),
    ...(sizing.shards > 1 && !props.remoteWrite
      ? [`${sizing.shards} shards without remoteWrite: nobody would see all series. Give it Mimir's push endpoint`]
      : []),
    ...(processes > 1 && props.remoteWriteReceiver
      ? [
          `remoteWriteReceiver with ${processes} Prometheus: a sample would reach just one of them. Let the sender write to Mimir`,
        ]
      : []),
  ];
  if (wrong.length > 0) throw new RangeError(`kube-prometheus cannot be built:\n- ${wrong.join("\n- ")}`);
}
