import type { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import {
  allowsHostAgents,
  apiServerPorts,
  ComponentChart,
  dashboardConfigMap,
  type Endpoint,
  type Pods,
  rules,
  type ScrapeTarget,
} from "../../lib/kubernetes/index.ts";
import { assertValid } from "../../lib/sizing/index.ts";
import { alertmanager } from "./alertmanager/alertmanager.ts";
import { controlPlaneMonitors, kubeletMonitor } from "./control-plane/monitors.ts";
import { exposesKubelet, watchedByDefault } from "./control-plane/targets.ts";
import { clusterDashboard } from "./dashboards/cluster.ts";
import { kubePrometheusDashboard } from "./dashboards/prometheus.ts";
import { kubeStateMetrics } from "./exporters/kube-state-metrics.ts";
import { nodeExporter } from "./exporters/node-exporter.ts";
import { crds } from "./operator/crds.ts";
import { operator } from "./operator/operator.ts";
import { connectWrites } from "./prometheus/additional-writes.ts";
import { alerting, externalAlertmanager } from "./prometheus/alerting.ts";
import { haClusterLabel, prometheus } from "./prometheus/prometheus.ts";
import { addScrapes } from "./prometheus/scrape-configs.ts";
import { type KubePrometheusEndpoints, type KubePrometheusProps, loadOf } from "./props.ts";
import { type MonitoredTargets, ruleGroups } from "./rules/groups.ts";
import { kubePrometheusShape } from "./shape.ts";
import { type KubePrometheusSizing, sizeKubePrometheus } from "./sizing.ts";
import { validateKubePrometheus } from "./validate.ts";

/**
 * The Prometheus operator stack: operator, Prometheus (one, a pair, or shards of pairs, depending on the workload),
 * Alertmanager, kube-state-metrics, node-exporter, the monitors of the cluster itself, rules and dashboards.
 */
export class KubePrometheusChart extends ComponentChart<KubePrometheusEndpoints> {
  /** What each of its props may be. */
  static readonly shape = kubePrometheusShape;

  readonly endpoints: KubePrometheusEndpoints;
  /** Computed sizes, with the overrides applied. */
  readonly sizing: KubePrometheusSizing;
  /** Label by which Mimir's HA tracker must group replicas (`ha_cluster_label`). */
  readonly haClusterLabel: string = haClusterLabel;
  readonly #prometheus: Pods | undefined;

  /** @throws InvalidPropsError with every finding of {@link validateKubePrometheus} */
  constructor(scope: Construct, id: string, props: KubePrometheusProps) {
    super(scope, id, "kube-prometheus", props, { part: "prometheus", image: "prometheus" });
    assertValid("KubePrometheusChart", this.name, validateKubePrometheus(props));
    const load = loadOf(props);
    const { workload } = load;
    this.sizing = sizeKubePrometheus(load);
    const { external = {} } = props;
    if (props.crds ?? true) crds(this);
    const reconciler =
      (props.operator ?? true) ? operator(this, this.sizing.operator, props.alerts?.configNamespaces) : undefined;

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
          ...(props.externalUrl && { externalUrl: props.externalUrl }),
          ...(props.route && { route: props.route }),
          ...(props.remoteWrite && { remoteWrite: props.remoteWrite }),
          ...(props.remoteRead && { remoteRead: props.remoteRead }),
          tenantNamespaces: props.tenantNamespaces ?? {},
          additionalWrites: props.additionalWrites ?? [],
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
    if (reconciler) this.#deleteBefore(reconciler);
  }

  /** Custom resources are created after the operator and deleted before it, which has to clean up their pods. */
  #deleteBefore(reconciler: ApiObject): void {
    for (const object of this.apiObjects)
      if (object.kind === "Prometheus" || object.kind === "Alertmanager") object.addDependency(reconciler);
  }

  /** Lets Prometheus reach the targets of other components' monitors. */
  connectScrapes(targets: readonly ScrapeTarget[]): void {
    if (!this.#prometheus) return;
    for (const { pods, port } of targets) this.connects(this.#prometheus, pods, [port], "scrape");
  }

  /** Adds exporters and monitors of the cluster, and returns what is monitored. */
  #exporters(props: KubePrometheusProps): MonitoredTargets {
    const { platform } = this.cluster;
    const stateMetrics = props.kubeStateMetrics ?? true;
    const nodes = props.nodeExporter ?? allowsHostAgents(platform);
    if (stateMetrics) kubeStateMetrics(this, this.sizing.kubeStateMetrics, props.stateMetrics);
    if (nodes) nodeExporter(this, this.sizing.nodeExporter, props.agentsNamespace);
    const parts = props.controlPlane ?? watchedByDefault(platform);
    if (exposesKubelet(platform)) kubeletMonitor(this, this.#prometheus);
    controlPlaneMonitors(this, this.#prometheus, parts);
    return {
      prometheus: this.#prometheus !== undefined,
      plannedSeries: Math.ceil(loadOf(props).workload.activeSeries / this.sizing.shards),
      remoteWrite: props.remoteWrite !== undefined || (props.additionalWrites ?? []).length > 0,
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
    this.connects(prometheus, "api server", apiServerPorts, "target discovery");
    for (const [to, why] of [
      [manager, "alerts"],
      [props.remoteWrite, "remote write"],
      [props.remoteRead, "remote read"],
    ] as const) {
      if (to) this.connectsTo(prometheus, to, why);
    }
    addScrapes(this, prometheus, props.additionalScrapes ?? []);
    connectWrites(this, prometheus, props.additionalWrites ?? []);
  }
}
