import {
  assertNewVariables,
  type ComponentChart,
  containerSecurity,
  envVar,
  goMemoryLimit,
  type KubernetesObject,
  placementOf,
  podSecurity,
  proxyEnvironment,
  serviceAccount,
  spread,
  trustOf,
} from "../kubernetes/index.ts";
import { bytesQuantity, cpuQuantity } from "../sizing/index.ts";
import { type CollectorProps, collectorName, collectorPods, collectorUser } from "./props.ts";

/**
 * The collector as a resource of the OpenTelemetry operator, which creates the workload, its configuration, its
 * PodDisruptionBudget and its three Services. The image is set explicitly, because the operator's default image has no
 * tail sampling and no load balancing, and so is the headless Service, without which pods have no DNS names.
 */
export function collectorResource(chart: ComponentChart, given: CollectorProps): KubernetesObject {
  const trust = trustOf(chart);
  const props = trust
    ? { ...given, env: { ...given.env, ...trust.env }, mounts: [...(given.mounts ?? []), trust.mount] }
    : given;
  const { kind, sized } = props;
  const name = collectorName(chart);
  chart.footprints.push({ component: chart.component, kind, namespace: chart.home, name, perPod: sized, sized });
  const memory = bytesQuantity(sized.memoryBytes);
  const limit = bytesQuantity(sized.memoryLimitBytes ?? sized.memoryBytes);
  const cpuLimit = sized.cpuLimitCores ? { cpu: cpuQuantity(sized.cpuLimitCores) } : {};
  const { labels = {} } = collectorPods(chart, "operator");
  const part = chart.component;
  const {
    image,
    extraArgs,
    extraEnv,
    podLabels,
    podAnnotations,
    serviceAccount: wanted,
    ...options
  } = chart.options(part, "otel-collector", kind === "DaemonSet");
  const env = { ...props.env, GOMEMLIMIT: goMemoryLimit(sized) };
  assertNewVariables(chart, env, extraEnv ?? {});
  const account = props.serviceAccount ?? (wanted && serviceAccount(chart, { part }));
  const spec = {
    mode: kind.toLowerCase(),
    managementState: "managed",
    upgradeStrategy: "none",
    image: chart.image("otel-collector", image),
    ...(extraArgs && { args: Object.fromEntries(extraArgs.map(operatedArgument)) }),
    ...(podAnnotations && { podAnnotations: { ...podAnnotations } }),
    ...(kind === "StatefulSet" && {
      replicas: sized.replicas,
      serviceName: `${name}-headless`,
      ...(sized.replicas >= 2 && { podDisruptionBudget: { maxUnavailable: 1 } }),
      topologySpreadConstraints: spread({ apart: true }, labels),
    }),
    ...(props.featureGates && { args: { "feature-gates": props.featureGates.join(",") } }),
    config: props.config,
    resources: { requests: { cpu: cpuQuantity(sized.cpuCores), memory }, limits: { memory: limit, ...cpuLimit } },
    env: Object.entries({ ...proxyEnvironment(chart), ...env, ...extraEnv }).map(([key, value]) => envVar(key, value)),
    ...(account && { serviceAccount: account }),
    ...(props.mounts && {
      volumes: props.mounts.map(({ volume }) => ({ name: volume.name, ...volume.source })),
      volumeMounts: props.mounts.map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
    }),
    securityContext: containerSecurity(),
    podSecurityContext: podSecurity(chart.cluster.platform, { user: collectorUser }),
    terminationGracePeriodSeconds: props.terminationGraceSeconds,
    ...placementOf(options, {
      ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
      ...(props.everyNode && { tolerations: [{ operator: "Exists" as const }] }),
    }),
  };
  const resource = {
    apiVersion: "opentelemetry.io/v1beta1",
    kind: "OpenTelemetryCollector",
    // The operator gives the pods the labels of the resource.
    metadata: chart.metadata(chart.name, part, podLabels),
    spec,
  };
  return resource;
}

/** `--feature-gates=x` as the resource has it: a name without dashes, and its value. */
function operatedArgument(argument: string): readonly [name: string, value: string] {
  const [, name = "", value = ""] = /^-{0,2}([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
  return [name, value];
}
