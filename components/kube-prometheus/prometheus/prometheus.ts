import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type { IRemoteWriteSpec } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/RemoteWriteSpec";
import {
  type ComponentChart,
  type Endpoint,
  endpointUrl,
  forTenants,
  monitorSelector,
  type Pods,
  scrapeLimits,
  serviceHost,
  type TenantNamespaces,
} from "../../../lib/kubernetes/index.ts";
import { formatDuration, MiB, type Workload } from "../../../lib/sizing/index.ts";
import { scrapeClasses } from "../control-plane/targets.ts";
import { addReloader, operatedPods, operatedService, operatedSpec, shardBudget } from "../operator/operated.ts";
import { type AuthenticatedRoute, addRoute, routedUrl } from "../route.ts";
import type { KubePrometheusSizing } from "../sizing.ts";
import { prometheusAccount } from "./account.ts";
import { type AdditionalRemoteWrite, additionalWrite, remoteProxy } from "./additional-writes.ts";
import { ruleSelector, rulesForMimir } from "./rules.ts";

/** Prometheus' HTTP port, which the operator names `web`. */
const prometheusPort = 9090;

/** Label that distinguishes the replicas of a shard in remote write. Mimir's HA tracker removes it before storing samples. */
const haReplicaLabel = "__replica__";

/**
 * The label by which Mimir's HA tracker groups replicas (its `ha_cluster_label`): it accepts one replica per value. Remote
 * write adds it and Mimir drops it before storing samples. Mimir's default, `cluster`, does not identify a pair: Mimir reads
 * it from the first series of each request, where a scraped series may carry a `cluster` of its own.
 */
export const haClusterLabel = "prometheus_shard";

/** What the Prometheus resource is built from. */
export interface PrometheusProps {
  readonly sizing: KubePrometheusSizing;
  readonly workload: Workload;
  readonly remoteWrite?: Endpoint;
  readonly tenantNamespaces: TenantNamespaces;
  readonly additionalWrites: readonly AdditionalRemoteWrite[];
  readonly remoteRead?: Endpoint;
  readonly remoteWriteReceiver: boolean;
  readonly watchAllMonitors: boolean;
  readonly kubeletInsecure: boolean;
  readonly externalUrl?: string;
  readonly route?: AuthenticatedRoute;
  readonly exemplars: number;
  readonly alertmanager: Pick<IPrometheus["spec"], "alerting" | "additionalAlertManagerConfigs">;
}

/** Adds the Prometheus resource with its Service and monitor, and returns its endpoint. */
export function prometheus(chart: ComponentChart, props: PrometheusProps): Endpoint & { readonly pods: Pods } {
  const part = "prometheus";
  const { sizing } = props;
  const name = `${chart.name}-${part}`;
  const pods = operatedPods(chart, part);
  const endpoint = { scheme: "http", host: serviceHost(chart, name), port: prometheusPort, pods } as const;
  const account = prometheusAccount(chart, part);
  chart.add(
    prometheusResource(
      chart,
      part,
      account,
      props.externalUrl ?? routedUrl(props.route) ?? endpointUrl(endpoint),
      props,
    ),
  );
  addReloader(chart, { part, name: `prometheus-${chart.name}`, sized: sizing.prometheus });
  for (let shard = 0; shard < sizing.shards && sizing.replicasPerShard > 1; shard++) {
    shardBudget(chart, part, shard, sizing.shards);
  }
  // Replicas scrape at different times: graphs of a client that alternates between them would flap.
  const clientIpAffinity = sizing.replicasPerShard > 1;
  operatedService(chart, { part, name, port: prometheusPort, clientIpAffinity });
  if (props.route) addRoute(chart, props.route, { service: name, port: prometheusPort, pods });
  if (chart.evaluator === "mimir") rulesForMimir(chart, props.watchAllMonitors);
  return endpoint;
}

function prometheusResource(
  chart: ComponentChart,
  part: "prometheus",
  serviceAccountName: string,
  externalUrl: string,
  props: PrometheusProps,
): IPrometheus {
  const { sizing, workload } = props;
  const interval = workload.scrapeIntervalSeconds;
  const found = props.watchAllMonitors ? {} : monitorSelector(chart);
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: chart.metadata(chart.name, part),
    spec: {
      replicas: sizing.replicasPerShard,
      shards: sizing.shards,
      // Remote read turns external labels into matchers, and Mimir's series do not have these two.
      replicaExternalLabelName: "",
      prometheusExternalLabelName: "",
      externalLabels: { cluster: chart.cluster.name },
      externalUrl,
      scrapeInterval: formatDuration(interval),
      scrapeTimeout: formatDuration(Math.min(10, interval)),
      evaluationInterval: formatDuration(interval),
      retention: formatDuration(sizing.retentionSeconds),
      retentionSize: `${sizing.retentionBytes / MiB}MiB`,
      walCompression: true,
      ...(props.exemplars > 0 && {
        enableFeatures: ["exemplar-storage"],
        exemplars: { maxSize: props.exemplars },
      }),
      scrapeNativeHistograms: true,
      // With UTF-8 names, collectors expose labels with dots, which Mimir rejects.
      nameValidationScheme: "Legacy",
      nameEscapingScheme: "Underscores",
      ...(props.remoteWriteReceiver && { enableRemoteWriteReceiver: true, tsdb: { outOfOrderTimeWindow: "10m" } }),
      ...remoteWriteSpec(chart, props),
      ...(props.remoteRead && {
        remoteRead: [
          {
            url: endpointUrl(props.remoteRead),
            ...(!props.remoteRead.pods && remoteProxy(chart)),
            headers: { ...props.remoteRead.headers },
            readRecent: false,
          },
        ],
      }),
      ...props.alertmanager,
      ...selectors(found),
      ruleSelector: ruleSelector(chart, props.watchAllMonitors),
      serviceDiscoveryRole: "EndpointSlice",
      // Monitors must not reference files of this pod, such as its token.
      arbitraryFSAccessThroughSMs: { deny: true },
      scrapeClasses: scrapeClasses(props.kubeletInsecure),
      // Limits of monitors that do not set their own.
      ...scrapeLimits("application"),
      keepDroppedTargets: 100,
      serviceAccountName,
      automountServiceAccountToken: true,
      ...operatedSpec(chart, part, sizing.prometheus),
    },
  };
}

/** Selects every kind of monitor in every namespace; `{}` selects all of them. */
function selectors(found: object): Partial<IPrometheus["spec"]> {
  return {
    serviceMonitorSelector: found,
    serviceMonitorNamespaceSelector: {},
    podMonitorSelector: found,
    podMonitorNamespaceSelector: {},
    probeSelector: found,
    probeNamespaceSelector: {},
    scrapeConfigSelector: found,
    scrapeConfigNamespaceSelector: {},
    ruleNamespaceSelector: {},
  };
}

/** Every store that series are sent to. */
function remoteWriteSpec(chart: ComponentChart, props: PrometheusProps): Pick<IPrometheus["spec"], "remoteWrite"> {
  const { sizing, additionalWrites } = props;
  const own = props.remoteWrite ? remoteWrites(props.remoteWrite, props.tenantNamespaces) : [];
  const all = [
    ...own.map((target) => remoteWrite(chart, target, sizing)),
    ...additionalWrites.map((target) => additionalWrite(chart, target, sizing.replicasPerShard)),
  ];
  return all.length > 0 ? { remoteWrite: all } : {};
}

/** What is written where. */
interface RemoteWriteTarget {
  readonly name: string;
  readonly to: Endpoint;
  readonly relabelings: NonNullable<IRemoteWriteSpec["writeRelabelConfigs"]>;
}

/** The stack's own tenant, which gets all series but those of other tenants' namespaces, and these tenants. */
function remoteWrites(to: Endpoint, tenants: TenantNamespaces): readonly RemoteWriteTarget[] {
  const all = Object.values(tenants).flat();
  return [
    { name: "long-term", to, relabelings: all.length > 0 ? [ofNamespaces("drop", all)] : [] },
    ...Object.entries(tenants).map(([tenant, namespaces]) => ({
      name: `tenant-${tenant}`,
      to: forTenants(to, [tenant]),
      relabelings: [ofNamespaces("keep", namespaces)],
    })),
  ];
}

/** Series of namespaces. Those that collectors expose have their namespace in the label of its resource attribute. */
function ofNamespaces(
  action: "keep" | "drop",
  namespaces: readonly string[],
): RemoteWriteTarget["relabelings"][number] {
  const names = namespaces.join("|");
  return { action, sourceLabels: ["namespace", "k8s_namespace_name"], regex: `(${names});.*|;(${names})` };
}

/** Remote write. The config reloader substitutes pod name and shard number. */
function remoteWrite(
  chart: ComponentChart,
  { name, to, relabelings }: RemoteWriteTarget,
  sizing: KubePrometheusSizing,
): IRemoteWriteSpec {
  const { queue } = sizing;
  return {
    name,
    url: endpointUrl(to),
    ...(to.headers && { headers: { ...to.headers } }),
    ...(!to.pods && remoteProxy(chart)),
    sendExemplars: true,
    sendNativeHistograms: true,
    remoteTimeout: "30s",
    queueConfig: {
      capacity: queue.capacity,
      minShards: queue.minShards,
      maxShards: queue.maxShards,
      maxSamplesPerSend: queue.maxSamplesPerSend,
      batchSendDeadline: "5s",
      retryOnRateLimit: true,
    },
    writeRelabelConfigs: [
      ...relabelings,
      { action: "replace", targetLabel: haReplicaLabel, replacement: "$(POD_NAME)" },
      { action: "replace", targetLabel: haClusterLabel, replacement: `${chart.cluster.name}/$(SHARD)` },
    ],
  };
}
