import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type { IRemoteWriteSpec } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/RemoteWriteSpec";
import {
  type ComponentChart,
  type Endpoint,
  images,
  monitorLabels,
  type Pods,
  scrapeLimits,
  serviceHost,
  url,
} from "../../../lib/kubernetes/index.ts";
import { formatDuration, MiB, type Workload } from "../../../lib/sizing/index.ts";
import { scrapeClasses } from "../control-plane/targets.ts";
import { addReloader, operatedPods, operatedService, operatedSpec, shardBudget } from "../operator/operated.ts";
import type { KubePrometheusSizing } from "../sizing.ts";
import { prometheusAccount } from "./account.ts";

/** Prometheus' HTTP port: the operator names it `web`. */
export const prometheusPort = 9090;

/** Label that tells the two Prometheus of a pair apart. Mimir strips it; on disk and in answers it is never seen. */
export const haReplicaLabel = "__replica__";

/** Label that tells shards apart in Mimir's HA tracker, which would drop all but one of those that share a value. */
const shardLabel = "prometheus_shard";

/**
 * The label by which Mimir's HA tracker groups replicas (its `ha_cluster_label`). `cluster` while there is one shard: a
 * label that local data lacks would give series that come back by remote read a second identity.
 */
export function haClusterLabel(sizing: Pick<KubePrometheusSizing, "shards">): string {
  return sizing.shards > 1 ? shardLabel : "cluster";
}

export interface PrometheusProps {
  readonly sizing: KubePrometheusSizing;
  readonly workload: Workload;
  readonly remoteWrite?: Endpoint;
  readonly remoteRead?: Endpoint;
  readonly remoteWriteReceiver: boolean;
  readonly watchAllMonitors: boolean;
  readonly kubeletInsecure: boolean;
  readonly exemplars: number;
  readonly alertmanager: Pick<IPrometheus["spec"], "alerting" | "additionalAlertManagerConfigs">;
}

/** Adds the Prometheus resource, the Service in front of it and its monitor, and answers with its endpoint. */
export function prometheus(chart: ComponentChart, props: PrometheusProps): Endpoint & { readonly pods: Pods } {
  const part = "prometheus";
  const { sizing } = props;
  const name = `${chart.name}-${part}`;
  const pods = operatedPods(chart, part);
  const endpoint = { scheme: "http", host: serviceHost(chart, name), port: prometheusPort, pods } as const;
  const account = prometheusAccount(chart, part);
  chart.add(prometheusResource(chart, part, account, url(endpoint), props));
  addReloader(chart, { part, name: `prometheus-${chart.name}`, sized: sizing.prometheus });
  for (let shard = 0; shard < sizing.shards && sizing.replicasPerShard > 1; shard++) {
    shardBudget(chart, part, shard, sizing.shards);
  }
  // The replicas differ by a scrape's phase: a client that changes between them sees its graphs flap.
  const clientIpAffinity = sizing.replicasPerShard > 1;
  operatedService(chart, { part, name, port: prometheusPort, clientIpAffinity });
  return endpoint;
}

function prometheusResource(
  chart: ComponentChart,
  part: string,
  serviceAccountName: string,
  externalUrl: string,
  props: PrometheusProps,
): IPrometheus {
  const { sizing, workload } = props;
  const interval = workload.scrapeIntervalSeconds;
  const found = props.watchAllMonitors ? {} : { matchLabels: { ...monitorLabels } };
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: chart.metadata(chart.name, part),
    spec: {
      image: chart.image("prometheus"),
      version: images.prometheus.tag,
      replicas: sizing.replicasPerShard,
      shards: sizing.shards,
      // Neither is an external label: with remote read they would become matchers for labels that Mimir has not.
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
      // Asked for any name, the collectors answer with dots in their labels: Mimir refuses such series.
      nameValidationScheme: "Legacy",
      nameEscapingScheme: "Underscores",
      ...(props.remoteWriteReceiver && { enableRemoteWriteReceiver: true, tsdb: { outOfOrderTimeWindow: "10m" } }),
      ...(props.remoteWrite && { remoteWrite: [remoteWrite(chart, props.remoteWrite, sizing)] }),
      ...(props.remoteRead && {
        remoteRead: [{ url: url(props.remoteRead), headers: { ...props.remoteRead.headers }, readRecent: false }],
      }),
      ...props.alertmanager,
      ...selectors(found),
      serviceDiscoveryRole: "EndpointSlice",
      // Monitors of teams must not name files of this pod: its token above all.
      arbitraryFSAccessThroughSMs: { deny: true },
      scrapeClasses: scrapeClasses(props.kubeletInsecure),
      // For monitors that set no bounds of their own.
      ...scrapeLimits("application"),
      keepDroppedTargets: 100,
      serviceAccountName,
      automountServiceAccountToken: true,
      ...operatedSpec(chart, part, sizing.prometheus),
    },
  };
}

/** Every kind of monitor and rule, in every namespace; `{}` selects all. */
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
    ruleSelector: found,
    ruleNamespaceSelector: {},
  };
}

/** The way to Mimir. The config reloader puts pod name and shard number in. */
function remoteWrite(chart: ComponentChart, to: Endpoint, sizing: KubePrometheusSizing): IRemoteWriteSpec {
  const { queue } = sizing;
  const group = haClusterLabel(sizing);
  return {
    name: "long-term",
    url: url(to),
    ...(to.headers && { headers: { ...to.headers } }),
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
      { action: "replace", targetLabel: haReplicaLabel, replacement: "$(POD_NAME)" },
      ...(group === shardLabel
        ? [{ action: "replace" as const, targetLabel: group, replacement: `${chart.cluster.name}/$(SHARD)` }]
        : []),
    ],
  };
}
