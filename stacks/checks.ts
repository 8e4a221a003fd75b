import { allowsHostAgents } from "../lib/kubernetes/cluster.ts";
import { formatCount, scales, type Workload, workloads } from "../lib/sizing/index.ts";
import { checkComponents } from "./component-checks.ts";
import { snippet } from "./issues.ts";
import type { Problem } from "./problem.ts";
import type { ResolvedStack } from "./resolve.ts";

/** What a check sees. */
export interface CheckedStack extends ResolvedStack {
  readonly hasEnvironment: boolean;
}

/** Finds what is wrong with a configuration that can be read: combinations that make no sense. */
type Check = (stack: CheckedStack) => readonly Problem[];

/** The oldest and the newest Kubernetes that the objects are written for. */
export const supportedKubernetes = { oldest: "1.31", newest: "1.36" } as const;

const minor = (version: string): number => Number(/^1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);

const kubernetesVersion: Check = ({ config }) => {
  const found = minor(config.cluster.version);
  const { oldest, newest } = supportedKubernetes;
  if (found >= minor(oldest) && found <= minor(newest)) return [];
  return [
    {
      code: "SKP1201",
      path: "skopos:cluster.version",
      message: `${config.cluster.version} is outside ${oldest} to ${newest}`,
      fix: snippet(["cluster", "version"], `"${found > minor(newest) ? newest : oldest}"`),
    },
  ];
};

const policyAddresses: Check = ({ config }) => {
  const { networkPolicies, nodeCidrs, apiServerCidrs } = config.cluster;
  if (!networkPolicies) return [];
  const missing = [
    [
      "nodeCidrs",
      nodeCidrs,
      "kubectl get nodes -o jsonpath='{.items[*].status.addresses[?(@.type==\"InternalIP\")].address}'",
    ],
    [
      "apiServerCidrs",
      apiServerCidrs,
      "kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes",
    ],
  ] as const;
  return missing.flatMap(([key, value, command]) =>
    value
      ? []
      : [
          {
            code: "SKP1202" as const,
            path: `skopos:cluster.${key}`,
            message: "is missing while networkPolicies is on",
            fix: `${snippet(["cluster", key], '["10.0.0.0/16"]')}\n# the addresses: ${command}`,
          },
        ],
  );
};

const traceRouting: Check = ({ config, props }) => {
  const replicas = props.otelGateway?.sizing?.gateway.replicas ?? 0;
  if (!config.components.otelAgent.enabled || replicas < 2 || config.components.otelAgent.routing === "trace-id")
    return [];
  return [
    {
      code: "SKP1203",
      path: "skopos:components.otelAgent.routing",
      message: `"any" with ${replicas} gateways that sample`,
      fix: snippet(["components", "otelAgent", "routing"], "trace-id"),
    },
  ];
};

const agentService: Check = ({ config }) => {
  const { nodeSelector, service } = config.components.otelAgent;
  if (!nodeSelector) return [];
  if (service === "node-local") {
    return [
      {
        code: "SKP1204",
        path: "skopos:components.otelAgent.service",
        message: `"node-local" with a nodeSelector`,
        fix: snippet(["components", "otelAgent", "service"], "cluster"),
      },
    ];
  }
  if (config.collectors !== "operator") return [];
  return [
    {
      code: "SKP1213",
      path: "skopos:components.otelAgent.nodeSelector",
      message: "with collectors: operator",
      fix: snippet(["collectors"], "native"),
    },
  ];
};

/** The numbers by which scale profiles differ. */
const dimensions = ["nodes", "activeSeries", "logBytesPerDay", "spansPerSecond"] as const satisfies (keyof Workload)[];

const outsideProfile: Check = ({ config, workload }) => {
  const next = scales[scales.indexOf(config.scale) + 1];
  if (!next) return [];
  return dimensions.flatMap((dimension) => {
    const value = workload[dimension];
    if (value <= workloads[next][dimension]) return [];
    const fitting = scales.find((scale) => workloads[scale][dimension] >= value) ?? "xlarge";
    const key = dimension === "logBytesPerDay" ? "logsPerDay" : dimension;
    return [
      {
        code: "SKP1205" as const,
        path: `skopos:workload.${key}`,
        message: `${formatCount(value)} is more than even ${next} stands for (${formatCount(workloads[next][dimension])})`,
        fix: snippet(["scale"], fitting),
      },
    ];
  });
};

const ephemeralAtScale: Check = ({ config }) =>
  config.retention.profile === "ephemeral" && (config.scale === "large" || config.scale === "xlarge")
    ? [
        {
          code: "SKP1206",
          path: "skopos:retention",
          message: `"ephemeral" with scale: ${config.scale}`,
          fix: snippet(["retention"], "standard"),
        },
      ]
    : [];

const objectStorage: Check = ({ config }) => {
  const { objectStorage: store } = config;
  const usesIt = config.components.mimir.enabled || config.components.loki.enabled;
  if (!usesIt || store.kind === "filesystem") return [];
  if (store.credentials || store.identity) return [];
  return [
    {
      code: "SKP1207",
      path: "skopos:objectStorage",
      message: "has neither credentials nor a workload identity",
      fix: secretFixes[store.kind],
    },
  ];
};

const secretFixes = {
  s3: "skopos:objectStorage:\n  credentials:\n    accessKeyId: {secret: object-storage, key: access-key-id}\n    secretAccessKey: {secret: object-storage, key: secret-access-key}",
  gcs: "skopos:objectStorage:\n  identity: {iam.gke.io/gcp-service-account: NAME@PROJECT.iam.gserviceaccount.com}",
  azure: "skopos:objectStorage:\n  credentials:\n    accountKey: {secret: object-storage, key: account-key}",
} as const;

const whichCluster: Check = ({ name, config, hasEnvironment }) => {
  const { context, kubeconfig } = config.cluster;
  if (name === "dev" || context || kubeconfig || hasEnvironment) return [];
  return [
    {
      code: "SKP1208",
      path: "skopos:cluster.context",
      message: "neither a context nor a kubeconfig",
      fix: `${snippet(["cluster", "context"], `${config.cluster.name}`)}\n# or: pulumi config set --secret --path skopos:cluster.kubeconfig "$(cat kubeconfig)"`,
    },
  ];
};

const hostAgents: Check = ({ config }) => {
  const { platform } = config.cluster;
  if (allowsHostAgents(platform)) return [];
  const agents = (["otelAgent", "nodeExporter", "alloy"] as const).filter((name) => config.components[name].enabled);
  return agents.map((name) => ({
    code: "SKP1209" as const,
    path: `skopos:components.${name}`,
    message: `on, with platform: ${platform}`,
    fix: snippet(["components", name], "off"),
  }));
};

const agentNeedsGateway: Check = ({ config }) =>
  config.components.otelAgent.enabled && !config.components.otelGateway.enabled
    ? [
        {
          code: "SKP1210",
          path: "skopos:components.otelAgent",
          message: "is on, and otelGateway is off",
          fix: snippet(["components", "otelGateway"], "on"),
        },
      ]
    : [];

/** Names that the routes of the Alertmanager's configuration use themselves. */
const reservedReceivers = ["nobody", "dead-mans-switch"];

const receiverNames: Check = ({ config }) =>
  config.alerts.receivers.flatMap(({ name }, index, all) => {
    const twice = all.findIndex((other) => other.name === name) < index;
    if (!twice && !reservedReceivers.includes(name)) return [];
    return [
      {
        code: "SKP1212" as const,
        path: `skopos:alerts.receivers.${index}.name`,
        message: `"${name}" is ${twice ? "another receiver's name" : "a name of the stack's own"}`,
        fix: snippet(["alerts", "receivers", index, "name"], `${name}-${index + 1}`),
      },
    ];
  });

/** `otelcol validate` and even a start accept these; see the reference of each processor. */
const sampling: Check = ({ config }) => {
  const { decisionWait } = config.components.otelGateway.tailSampling;
  return decisionWait >= 1 && decisionWait <= 600
    ? []
    : [
        {
          code: "SKP1212",
          path: "skopos:components.otelGateway.tailSampling.decisionWait",
          message: `${decisionWait} s: traces are decided before their spans arrive, or held for ever`,
          fix: snippet(["components", "otelGateway", "tailSampling", "decisionWait"], "30s"),
        },
      ];
};

/** With several Prometheus processes that share the targets, what comes back from Mimir would count once for each. */
const remoteReadOfShards: Check = ({ config, props }) => {
  const shards = props.kubePrometheus?.sizing?.shards ?? 1;
  if (!config.components.prometheus.remoteRead || shards === 1) return [];
  return [
    {
      code: "SKP1216",
      path: "skopos:components.prometheus.remoteRead",
      message: `on, with ${shards} shards`,
      fix: snippet(["components", "prometheus", "remoteRead"], "false"),
    },
  ];
};

/** Shards see a part of the series each: somebody has to see them all. */
const shardsNeedMimir: Check = ({ config, props }) => {
  const shards = props.kubePrometheus?.sizing?.shards ?? 1;
  if (shards === 1 || config.components.mimir.enabled) return [];
  return [
    {
      code: "SKP1210",
      path: "skopos:components.mimir",
      message: `is off, and ${shards} shards of Prometheus see a part of the series each`,
      fix: snippet(["components", "mimir"], "on"),
    },
  ];
};

const hostMetricsOnce: Check = ({ config }) => {
  const { nodeExporter, alloy, prometheus } = config.components;
  if (nodeExporter.enabled || alloy.enabled || !prometheus.enabled) return [];
  if (!allowsHostAgents(config.cluster.platform)) return [];
  return [
    {
      code: "SKP1210",
      path: "skopos:components.nodeExporter",
      message: "is off, and so is Alloy: nobody takes the hosts' metrics, and the node alerts are blind",
      fix: snippet(["components", "nodeExporter"], "on"),
    },
  ];
};

const checks: readonly Check[] = [
  remoteReadOfShards,
  shardsNeedMimir,
  hostMetricsOnce,
  checkComponents,
  kubernetesVersion,
  policyAddresses,
  traceRouting,
  agentService,
  outsideProfile,
  ephemeralAtScale,
  objectStorage,
  whichCluster,
  hostAgents,
  agentNeedsGateway,
  receiverNames,
  sampling,
];

/** Every problem of a configuration that could be read. */
export function checkConfig(stack: CheckedStack): readonly Problem[] {
  const found = checks.flatMap((check) => check(stack));
  // Mimir and Loki may refuse the same setting for the same reason.
  return [...new Map(found.map((problem) => [`${problem.code} ${problem.path}`, problem])).values()];
}
