import {
  defaultCluster,
  validateHostAgent,
  validateLoadBalancer,
  validateOptions,
  validateRoutedHost,
  type Workloads,
} from "../../lib/kubernetes/index.ts";
import {
  type Finding,
  MiB,
  outOfRange,
  removeKey,
  seconds,
  shortRetention,
  validateCounts,
  validateProps,
  validateWorkload,
  wrongLength,
} from "../../lib/sizing/index.ts";
import { type AlertRouting, reservedReceivers } from "./alertmanager/config.ts";
import { validateRouting } from "./alertmanager/validate.ts";
import { exposed } from "./control-plane/targets.ts";
import { validateScrapes } from "./prometheus/scrape-configs.ts";
import { idleBytes as idlePrometheusBytes } from "./prometheus/sizing.ts";
import { type KubePrometheusProps, loadOf } from "./props.ts";
import { validateRoute } from "./route.ts";
import { kubePrometheusShape } from "./shape.ts";
import { sizeKubePrometheus } from "./sizing.ts";

/** The head block spans this long, whatever the retention: https://prometheus.io/docs/prometheus/3.13/storage/#on-disk-layout. */
const blockSeconds = seconds("2h");

/** Finds every mistake in the props of a {@link KubePrometheusChart}. */
export function validateKubePrometheus(props: KubePrometheusProps): readonly Finding[] {
  return validateProps(props, kubePrometheusShape, () => combinations(props));
}

function combinations(props: KubePrometheusProps): readonly Finding[] {
  const { shards, replicas, sizes = {} } = props;
  const counts = {
    shards,
    replicas,
    "sizes.operator.replicas": sizes.operator?.replicas,
    "sizes.alertmanager.replicas": sizes.alertmanager?.replicas,
    "sizes.kubeStateMetrics.replicas": sizes.kubeStateMetrics?.replicas,
  };
  const numbers = [...validateWorkload(loadOf(props).workload), ...validateCounts(counts)];
  // Sizes computed from invalid numbers would only add misleading findings.
  const fleet = numbers.length > 0 ? [] : [...validateFleet(props), ...validateOptions(props, workloadsOf(props))];
  return [
    ...numbers,
    ...fleet,
    ...validateRetention(props),
    ...validateScrapes(props.additionalScrapes ?? []),
    ...validateReceivers(props.alerts ?? {}),
    ...validateRouting(props.alerts ?? {}),
    ...validateRoutedHost("route.host", props.route?.host, "prometheus.example.com"),
    ...validateRoutedHost("alerts.route.host", props.alerts?.route?.host, "alertmanager.example.com"),
    ...validateLoadBalancer("route", props.route),
    ...validateLoadBalancer("alerts.route", props.alerts?.route),
    ...validateRoute("route", props.route),
    ...validateRoute("alerts.route", props.alerts?.route),
    ...validatePlatform(props),
    ...validateExemplars(props),
  ];
}

/** Memory of an idle Alertmanager, operator and kube-state-metrics: see their sizes. */
const idleBytes = { alertmanager: 41 * MiB, operator: 48 * MiB, "kube-state-metrics": 32 * MiB } as const;

function workloadsOf(props: KubePrometheusProps): Workloads {
  const sizing = sizeKubePrometheus(loadOf(props));
  return {
    main: { size: sizing.prometheus, idleBytes: idlePrometheusBytes },
    others: {
      alertmanager: { size: sizing.alertmanager, idleBytes: idleBytes.alertmanager },
      operator: { size: sizing.operator, idleBytes: idleBytes.operator, single: "it elects no leader" },
      "kube-state-metrics": { size: sizing.kubeStateMetrics, idleBytes: idleBytes["kube-state-metrics"] },
      "node-exporter": { size: sizing.nodeExporter, everyNode: true },
    },
  };
}

/** Combinations that do not work with several Prometheus pods. */
function validateFleet(props: KubePrometheusProps): Finding[] {
  const { shards, replicasPerShard } = sizeKubePrometheus(loadOf(props));
  const processes = shards * replicasPerShard;
  const findings: Finding[] = [];
  if (shards > 1 && props.remoteRead) {
    findings.push({
      code: "SKP1216",
      at: "remoteRead",
      message: `set, with ${shards} shards`,
      fix: removeKey("remoteRead", "Grafana queries the long-term store itself"),
    });
  }
  if (shards > 1 && props.route) {
    findings.push({
      code: "SKP1324",
      at: "route",
      message: `set, with ${shards} shards`,
      fix: removeKey("route", "Grafana queries the long-term store, which has the series of all shards"),
    });
  }
  if (shards > 1 && !props.remoteWrite) {
    findings.push({
      code: "SKP1241",
      at: "shards",
      message: `${shards}, without remoteWrite`,
      fix: "1 # or a remoteWrite endpoint such as Mimir's",
    });
  }
  if (processes > 1 && props.remoteWriteReceiver) {
    findings.push({
      code: "SKP1242",
      at: "remoteWriteReceiver",
      message: `true, with ${processes} Prometheus pods`,
      fix: "false # senders write to the long-term store",
    });
  }
  return findings;
}

function validateRetention({ retention, external }: KubePrometheusProps): Finding[] {
  if (external?.prometheus || retention === undefined || retention.prometheus >= blockSeconds) return [];
  return [shortRetention("retention.prometheus", retention.prometheus, blockSeconds, "a head block spans that long")];
}

function validateReceivers({ receivers = [] }: AlertRouting): Finding[] {
  return receivers.flatMap(({ name, severities }, index): Finding[] => {
    const taken = receivers.findIndex((other) => other.name === name) < index;
    const reserved = reservedReceivers.includes(name);
    return [
      ...(taken || reserved
        ? [
            {
              code: "SKP1219" as const,
              at: `alerts.receivers[${index}].name`,
              message: `"${name}" is ${taken ? "the name of another receiver" : "reserved"}`,
              fix: JSON.stringify(`${name}-${index + 1}`),
            },
          ]
        : []),
      ...(severities?.length === 0
        ? [wrongLength(`alerts.receivers[${index}].severities`, "at least 1 item", "[critical, warning]")]
        : []),
    ];
  });
}

function validatePlatform({
  cluster = defaultCluster,
  nodeExporter,
  controlPlane = [],
}: KubePrometheusProps): Finding[] {
  const { platform } = cluster;
  const parts = Object.keys(exposed[platform]);
  return [
    ...(nodeExporter ? validateHostAgent(platform, "nodeExporter", "false") : []),
    ...controlPlane
      .filter((part) => !parts.includes(part))
      .map((part) => ({
        code: "SKP1244" as const,
        at: "controlPlane",
        message: `${part}, with platform ${platform}`,
        fix: `[${parts.join(", ")}]`,
      })),
  ];
}

function validateExemplars({ exemplars = 0 }: KubePrometheusProps): Finding[] {
  if (Number.isInteger(exemplars) && exemplars >= 0) return [];
  return [outOfRange("exemplars", String(exemplars), "a whole number of at least 0", "100000")];
}
