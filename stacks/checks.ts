import { networkEngineOf, validateHostAgent } from "../lib/kubernetes/cluster.ts";
import { formatCount, scales, type Workload, workloads } from "../lib/sizing/index.ts";
import { checkAdditions } from "./additions.ts";
import { components } from "./components/index.ts";
import { settingsWithoutEffect } from "./effects.ts";
import { sharedHosts } from "./hosts.ts";
import type { Problem } from "./problem.ts";
import type { ResolvedStack } from "./resolve.ts";
import { checkTenants } from "./schema/tenants.ts";
import { snippet, yamlValue } from "./snippet.ts";

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

/** Namespaces of Kubernetes, its distributions and cloud providers. */
const systemNamespace = /^(kube|openshift|gke-managed|aks)(-|$)|-system$/;

const namespaceNames: Check = ({ config: { namespaces } }) =>
  (["stack", "agents"] as const).flatMap((key) => {
    const name = namespaces[key];
    if (!systemNamespace.test(name) && !(namespaces.create && name === "default")) return [];
    return [
      {
        code: "SKP1220" as const,
        path: `skopos:namespaces.${key}`,
        message: `${name} belongs to the cluster`,
        fix: snippet(["namespaces", key], key === "stack" ? "observability" : "observability-agents"),
      },
    ];
  });

const policyAddresses: Check = ({ config, props }) => {
  const { networkPolicies, nodeCidrs, apiServerCidrs } = config.cluster;
  const engine = networkEngineOf(props.cluster);
  // Cilium knows nodes and API server by identity.
  if (!networkPolicies || engine === "cilium" || engine === "none") return [];
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
          // Overrides of the profile stay.
          fix: snippet(Object.keys(config.retention).length > 1 ? ["retention", "profile"] : ["retention"], "standard"),
        },
      ]
    : [];

const whichCluster: Check = ({ name, config, hasEnvironment }) => {
  const { context, kubeconfig } = config.cluster;
  if (name === "dev" || context || kubeconfig || hasEnvironment) return [];
  return [
    {
      code: "SKP1208",
      path: "skopos:cluster.context",
      message: "neither a context nor a kubeconfig",
      fix: `${snippet(["cluster", "context"], yamlValue(config.cluster.name))}\n# or: pulumi config set --secret --path skopos:cluster.kubeconfig "$(cat kubeconfig)"`,
    },
  ];
};

/** What sends to another component of the stack, and to which. */
const dependencies = [
  ["otelAgent", "otelGateway"],
  ["flowAgent", "otelGateway"],
  ["flowAgent", "traces"],
] as const;

const missingDependencies: Check = ({ config: { components: settings } }) =>
  dependencies
    .filter(([name, needed]) => settings[name].enabled && !settings[needed].enabled)
    .map(([name, needed]) => ({
      code: "SKP1210",
      path: `skopos:components.${name}`,
      message: `is on, and ${needed} is off`,
      fix: snippet(["components", needed], "on"),
    }));

const hostAgents: Check = ({ config }) => {
  const agents = (["otelAgent", "flowAgent", "nodeExporter", "alloy"] as const).filter(
    (name) => config.components[name].enabled,
  );
  return agents.flatMap((name) => {
    const findings = validateHostAgent(config.cluster.platform, name, snippet(["components", name], "off"));
    return findings.map(({ at, ...finding }) => ({ ...finding, path: `skopos:components.${at}` }));
  });
};

const checks: readonly Check[] = [
  (stack) => components.flatMap(({ checks }) => checks?.(stack) ?? []),
  kubernetesVersion,
  namespaceNames,
  policyAddresses,
  outsideProfile,
  ephemeralAtScale,
  whichCluster,
  missingDependencies,
  hostAgents,
  settingsWithoutEffect,
  sharedHosts,
  checkTenants,
  checkAdditions,
];

/** Overrides of the retention profile need its name beside them, where the file has nothing else. */
function withProfile(problem: Problem, { config }: CheckedStack): Problem {
  const holder = "skopos:retention:\n";
  if (!problem.fix.startsWith(holder) || problem.fix.includes("  profile:")) return problem;
  return { ...problem, fix: problem.fix.replace(holder, `${holder}  profile: ${config.retention.profile}\n`) };
}

/** Every problem of a configuration that could be read. */
export function checkConfig(stack: CheckedStack): readonly Problem[] {
  const found = checks.flatMap((check) => check(stack)).map((problem) => withProfile(problem, stack));
  // Mimir and Loki may refuse the same setting for the same reason.
  return [...new Map(found.map((problem) => [`${problem.code} ${problem.path}`, problem])).values()];
}
