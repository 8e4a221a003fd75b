import { type KubePrometheusChart, scalingTriggers } from "../components/kube-prometheus/index.ts";
import { type LokiChart, lokiMonolithicBytesPerDay } from "../components/loki/index.ts";
import { type MimirChart, mimirMicroservicesFrom } from "../components/mimir/index.ts";
import { networkEngineOf, type Platform } from "../lib/kubernetes/index.ts";
import { formatBytes, formatCount, formatDuration, seconds } from "../lib/sizing/index.ts";
import type { RenderedStack } from "./stack.ts";

/** What a reader of the plan must not overlook. */
export function planNotes(stack: RenderedStack): readonly string[] {
  return [
    ...scalingNotes(stack),
    ...modeNotes(stack),
    ...outageNotes(stack),
    ...archiveNotes(stack),
    ...aggregateNotes(stack),
    ...deadMansSwitchNotes(stack),
    ...runbookNotes(stack),
    ...networkNotes(stack),
    ...kubeletNotes(stack),
  ];
}

/** Thresholds above which one plain Prometheus is no longer the answer, and what the stack does about each. */
function scalingNotes({ props, workload, retention, charts }: RenderedStack): readonly string[] {
  const sizing = charts.find((chart): chart is KubePrometheusChart => chart.component === "kube-prometheus")?.sizing;
  if (!sizing) return [];
  const longTerm = props.mimir !== undefined || props.external.mimir !== undefined;
  const { shards, replicasPerShard: replicas, retentionSeconds } = sizing;
  const kept = longTerm ? retention.mimir : retention.prometheus;
  return scalingTriggers(workload, kept, { shards, replicas, retentionSeconds, longTerm }).map(({ text }) => text);
}

/** A change of mode replaces a store's workloads: it is announced while the workload is within this factor of it. */
const announcedFactor = 2;

/** The thresholds at which a store changes its mode, and with it the names of its workloads. */
function modeNotes({ config, workload, charts }: RenderedStack): readonly string[] {
  const stores = [
    {
      name: "Mimir",
      key: "mimir",
      value: workload.activeSeries,
      threshold: mimirMicroservicesFrom,
      text: `${formatCount(mimirMicroservicesFrom)} active series`,
      page: "docs/changing-mimir-mode.md",
    },
    {
      name: "Loki",
      key: "loki",
      value: workload.logBytesPerDay,
      threshold: lokiMonolithicBytesPerDay,
      text: `${formatBytes(lokiMonolithicBytesPerDay)} of logs per day`,
      page: "docs/changing-a-stack.md",
    },
  ] as const;
  return stores.flatMap(({ name, key, value, threshold, text, page }) => {
    const chart = charts.find((each): each is MimirChart | LokiChart => each.component === key && "sizing" in each);
    const near = value * announcedFactor >= threshold && value <= threshold * announcedFactor;
    if (!chart || !near || config.components[key].mode !== undefined) return [];
    const { mode } = chart.sizing;
    const other = mode === "monolithic" ? "microservices" : "monolithic";
    const where = mode === "monolithic" ? "above" : "below";
    return [
      `${where} ${text}, ${name} changes from ${mode} to ${other}, which replaces its workloads: set skopos:components.${key}.mode to ${mode} to keep it, and see ${page} before you change it`,
    ];
  });
}

/** Remote write replays what is still in the write-ahead log: two hours. */
const outageSeconds = seconds("2h");

function outageNotes({ props }: RenderedStack): readonly string[] {
  if (!props.kubePrometheus || !(props.mimir || props.external.mimir)) return [];
  return [
    `if Mimir is unavailable for more than ${formatDuration(outageSeconds)}, samples that Prometheus has not sent yet are lost`,
  ];
}

/** What is archived by the stack, and what is not. */
function archiveNotes({ config, retention, props }: RenderedStack): readonly string[] {
  if (retention.archive === 0 || config.objectStorage.kind === "filesystem") return [];
  const period = formatDuration(retention.archive);
  return [
    ...(props.mimir
      ? [
          `archive: Mimir's blocks are copied to ${props.mimir.archiveBucket} every night and kept for ${period} by its object lock; how to restore them is in docs/archive.md`,
        ]
      : []),
    ...(props.loki
      ? [
          `archive: logs are archived by replicating the bucket ${props.loki.bucket} to one with object lock (${period}) and access logging, as docs/archive.md shows; Loki deletes expired logs from its own bucket, so lock the replica, never the original`,
        ]
      : []),
    "archive: traces are not archived",
  ];
}

function aggregateNotes({ props, retention }: RenderedStack): readonly string[] {
  if (!props.mimir || retention.aggregates === 0) return [];
  return [
    `aggregates are recorded into a separate tenant and kept for ${formatDuration(retention.aggregates)}: open-source Mimir does not downsample`,
  ];
}

/** Alerts about the alerting pipeline itself reach nobody when it is what fails. */
function deadMansSwitchNotes({ config, props }: RenderedStack): readonly string[] {
  if (!props.kubePrometheus || props.external.alertmanager || config.alerts.deadMansSwitch) return [];
  return [
    "no dead man's switch: nobody is notified if Prometheus, Alertmanager or the whole cluster stops; set skopos:alerts.deadMansSwitch to a service that raises the alarm when the Watchdog alert stops arriving",
  ];
}

/** A relative `runbook_url` leads nowhere from a notification, and neither does it from Grafana. */
function runbookNotes({ config }: RenderedStack): readonly string[] {
  if (/^https?:/.test(config.runbooks)) return [];
  return [
    `runbook links of alerts and dashboards are paths in this repository; set skopos:runbooks to the URL where ${config.runbooks} is published`,
  ];
}

/** What the network engine leaves open, or needs. */
function networkNotes({ config: { cluster }, props }: RenderedStack): readonly string[] {
  const engine = networkEngineOf(props.cluster);
  if (!cluster.networkPolicies || engine === "none") {
    const why = cluster.networkPolicies ? "no network engine enforces any" : "skopos:cluster.networkPolicies is off";
    return [`no network policies are rendered (${why}): every pod of the cluster reaches every component`];
  }
  if (engine === "calico" && !cluster.tunnelCidrs) {
    return [
      "Calico: with VXLAN or IPIP encapsulation, nodes reach pods of other nodes from their tunnel addresses; set skopos:cluster.tunnelCidrs to the IP pools then",
    ];
  }
  return [];
}

/**
 * Platforms whose kubelets have certificates that the cluster's CA has not signed.
 * @see https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs
 * @see https://github.com/openshift/cluster-monitoring-operator/pull/250
 */
const kubeletCertificates: Partial<Record<Platform, string>> = {
  kubernetes:
    "kubeadm's kubelets sign their own certificates: turn on serverTLSBootstrap and approve their requests, or",
  openshift:
    "OpenShift's kubelets have certificates of a CA of their own (openshift-config-managed/kubelet-serving-ca) that pods do not know:",
};

/** Who reads from kubelets and verifies their certificates. */
function kubeletNotes({ props }: RenderedStack): readonly string[] {
  const why = kubeletCertificates[props.cluster.platform];
  const verifying = [
    ...(props.kubePrometheus && !props.kubePrometheus.kubeletInsecure ? ["prometheus"] : []),
    ...(props.otelAgent && !props.otelAgent.kubeletInsecure ? ["otelAgent"] : []),
  ].map((component) => `skopos:components.${component}.kubeletInsecure`);
  if (!why || verifying.length === 0) return [];
  return [`${why} set ${verifying.join(" and ")} to true, which skips their verification`];
}
