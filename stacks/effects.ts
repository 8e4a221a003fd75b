import { lokiServices } from "../components/loki/index.ts";
import { mimirServices } from "../components/mimir/index.ts";
import { tempoServices } from "../components/traces/index.ts";
import { type NetworkEngine, networkEngineOf } from "../lib/kubernetes/index.ts";
import type { CheckedStack } from "./checks.ts";
import { withoutEffect } from "./issues.ts";
import type { Problem } from "./problem.ts";
import type { StackConfig } from "./schema.ts";
import { snippet } from "./snippet.ts";

/** Workloads whose pods share the ServiceAccount that has access to the buckets, where there is one. */
const bucketUsers = { mimir: mimirServices, loki: lokiServices, traces: tempoServices } as const;

/** Annotations of a single workload's ServiceAccount, where its pods use that of the component. */
function sharedAccounts({ components, objectStorage, defaults }: StackConfig): readonly Idle[] {
  const hasIdentity = objectStorage.kind !== "filesystem" && objectStorage.identity !== undefined;
  return Object.entries(bucketUsers).flatMap(([name, services]) => {
    const { workloads = {}, serviceAccount } = components[name as keyof typeof bucketUsers];
    const isShared = hasIdentity || (serviceAccount ?? defaults.serviceAccount) !== undefined;
    return services.map((service): Idle => {
      const set = (workloads as Readonly<Record<string, { serviceAccount?: unknown } | undefined>>)[service];
      const why = isShared && `all services of ${name} share the component's ServiceAccount: annotate that`;
      return [["components", name, "workloads", service, "serviceAccount"], set?.serviceAccount !== undefined, why];
    });
  });
}

/** A setting that is set, and why it has no effect. */
type Idle = readonly [path: readonly string[], isSet: boolean, why: string | false];

/** Settings of an externally managed component that only one deployed by the stack would use. */
const ownSettings = {
  mimir: ["mode", "bucketLifecycle", "archiveBucket"],
  loki: ["mode", "bucketLifecycle"],
  traces: ["storage", "kafka"],
  grafana: ["replicas", "database", "host", "route", "encryptionKey", "access", "teams", "smtp", "plugins"],
} as const;

/** Settings of the Alertmanager that the stack deploys. */
const routingSettings = [
  "receivers",
  "deadMansSwitch",
  "muteTimes",
  "routes",
  "inhibitions",
  "templates",
  "configNamespaces",
  "externalUrl",
  "route",
] as const;

/** Whether a setting says anything: an empty list or mapping does not. */
const isSet = (value: unknown): boolean =>
  value !== undefined && (typeof value !== "object" || value === null || Object.keys(value).length > 0);

function idleOf(
  { cluster, components, alerts, extra, objectStorage, tenants, grafanaAdminPassword }: StackConfig,
  archiveSeconds: number,
  engine: NetworkEngine,
): readonly Idle[] {
  const { mimir, loki, traces, grafana, prometheus, alertmanager, alloy } = components;
  const onDisks = objectStorage.kind === "filesystem" && "objects of a disk have no lifecycle rule";
  const noAlertmanager =
    (alertmanager.external && "the externally managed Alertmanager has its own configuration") ||
    (!prometheus.enabled && "the Alertmanager is deployed with Prometheus, which is off");
  const noGrafana = (grafana.external && "Grafana is externally managed") || (!grafana.enabled && "Grafana is off");
  const noPolicies =
    (!cluster.networkPolicies && "networkPolicies is off") ||
    (engine === "none" && "without a network engine there are no policies");
  return [
    [
      ["cluster", "networkEngine"],
      cluster.networkEngine !== undefined,
      !cluster.networkPolicies && "networkPolicies is off",
    ],
    [["cluster", "dns"], cluster.dns !== undefined, noPolicies],
    [["cluster", "loadBalancerCidrs"], cluster.loadBalancerCidrs !== undefined, noPolicies],
    [
      ["cluster", "tunnelCidrs"],
      cluster.tunnelCidrs !== undefined,
      noPolicies || (engine === "cilium" && "Cilium knows nodes by identity, not by address"),
    ],
    ...routingSettings.map((key): Idle => [["alerts", key], isSet(alerts[key]), noAlertmanager]),
    [
      ["alerts", "deadMansSwitch"],
      alerts.deadMansSwitch !== undefined,
      alerts.rules.Watchdog?.enabled === false && "the Watchdog alert that it waits for is disabled",
    ],
    [["grafanaAdminPassword"], grafanaAdminPassword !== undefined, noGrafana],
    ...(["otelAgent", "otelGateway"] as const).map((name): Idle => {
      const why = !components[name].enabled && `${name} is off`;
      return [["extra", "collectors", name], isSet(extra.collectors[name]), why];
    }),
    [["extra", "dataSources"], extra.dataSources.length > 0, !grafana.enabled && "Grafana is off"],
    [
      ["extra", "dataSources"],
      extra.dataSources.some(({ secrets }) => secrets !== undefined),
      grafana.external !== undefined &&
        "secrets are variables of Grafana's container, and Grafana is externally managed",
    ],
    [
      ["extra", "logAlerts"],
      extra.logAlerts.length > 0,
      (loki.external && "Loki is externally managed") ||
        (!loki.enabled && "Loki is off") ||
        (!prometheus.enabled && !alertmanager.external && "there is no Alertmanager to send them to"),
    ],
    [
      ["extra", "logStages"],
      extra.logStages !== undefined,
      (!alloy.enabled && "Alloy is off") || (!loki.enabled && !loki.external && "Loki is off"),
    ],
    ...(["remoteWrites", "scrapes"] as const).map((key): Idle => {
      const why =
        (prometheus.external && "Prometheus is externally managed") || (!prometheus.enabled && "Prometheus is off");
      return [["extra", key], extra[key].length > 0, why];
    }),
    [["components", "prometheus", "remoteRead"], prometheus.remoteRead, !mimir.enabled && "Mimir is off"],
    [["components", "alloy", "logSource"], alloy.logSource !== undefined, !loki.enabled && "Loki is off"],
    [["components", "mimir", "bucketLifecycle"], mimir.bucketLifecycle !== undefined, onDisks],
    [
      ["components", "mimir", "archiveBucket"],
      mimir.archiveBucket !== undefined && mimir.external === undefined,
      archiveSeconds === 0 && "retention.archive is 0s: nothing is archived",
    ],
    [["components", "loki", "bucketLifecycle"], loki.bucketLifecycle !== undefined, onDisks],
    [
      ["components", "traces", "storage"],
      traces.storage !== undefined,
      traces.backend === "tempo" && "Tempo stores spans in object storage; a search engine is for backend: jaeger",
    ],
    [
      ["components", "traces", "kafka"],
      traces.kafka !== undefined,
      traces.backend === "jaeger" && "Jaeger does not use Kafka; it is for backend: tempo",
    ],
    [
      ["components", "loki", "streamRetention"],
      loki.streamRetention.length > 0,
      loki.external !== undefined && "loki is externally managed",
    ],
    ...Object.entries(alerts.rules).flatMap(([name, { enabled, ...changes }]) =>
      Object.entries(changes).map(
        ([key, value]): Idle => [
          ["alerts", "rules", name, key],
          value !== undefined,
          !enabled && "the alert is disabled",
        ],
      ),
    ),
    ...Object.entries(tenants).flatMap(([name, tenant]) => [
      ...(["mimir", "loki"] as const).map((store): Idle => {
        const why = !(components[store].enabled && !components[store].external) && `the stack deploys no ${store}`;
        return [["tenants", name, store], tenant[store] !== undefined, why];
      }),
      [["tenants", name, "folder"], tenant.folder !== undefined, noGrafana] as Idle,
    ]),
    [
      ["tenants"],
      Object.keys(tenants).length > 0,
      [mimir, loki].every(({ enabled, external }) => !enabled || external) &&
        "neither Mimir nor Loki is deployed by the stack",
    ],
    ...Object.entries(ownSettings).flatMap(([name, settings]) => {
      const component = components[name as keyof typeof ownSettings] as Readonly<Record<string, unknown>>;
      return settings.map((key): Idle => {
        const why = component.external !== undefined && `${name} is externally managed`;
        return [["components", name, key], component[key] !== undefined, why];
      });
    }),
  ];
}

/** An archive holds Mimir's blocks. */
function archiveOfNothing(
  { components: { mimir }, retention }: StackConfig,
  archiveSeconds: number,
): readonly Problem[] {
  const why =
    (mimir.external && "Mimir's blocks are archived, and Mimir is externally managed") ||
    (!mimir.enabled && "Mimir's blocks are archived, and Mimir is off");
  if (archiveSeconds === 0 || !why) return [];
  const path = ["retention", "archive"];
  if (retention.archive !== undefined && retention.profile !== "archive") return [withoutEffect(path, why)];
  return [withoutEffect(path, why, snippet(path, "0s"))];
}

/** Settings that are read and have no effect, because of another one. */
export function settingsWithoutEffect({ config, props, retention }: CheckedStack): readonly Problem[] {
  const idle = [...idleOf(config, retention.archive, networkEngineOf(props.cluster)), ...sharedAccounts(config)];
  return [
    ...idle.flatMap(([path, set, why]) => (set && why ? [withoutEffect(path, why)] : [])),
    ...archiveOfNothing(config, retention.archive),
  ];
}
