import {
  type ComponentChart,
  containerSecurity,
  envVar,
  goMemoryLimit,
  type KubernetesObject,
  podSecurity,
  spread,
} from "../kubernetes/index.ts";
import { bytesQuantity, cpuQuantity } from "../sizing/index.ts";
import { type CollectorProps, collectorName, collectorPods, collectorUser } from "./props.ts";

/**
 * The collector as a resource of the OpenTelemetry operator, which creates the workload, its configuration, its
 * PodDisruptionBudget and its three Services. The image is set explicitly, because the operator's default image has no
 * tail sampling and no load balancing, and so is the headless Service, without which pods have no DNS names.
 */
export function collectorResource(chart: ComponentChart, props: CollectorProps): KubernetesObject {
  const { kind, sized } = props;
  const name = collectorName(chart);
  chart.footprints.push({ component: chart.component, kind, namespace: chart.home, name, perPod: sized, sized });
  const memory = bytesQuantity(sized.memoryBytes);
  const limit = bytesQuantity(sized.memoryLimitBytes ?? sized.memoryBytes);
  const { labels = {} } = collectorPods(chart, "operator");
  const spec = {
    mode: kind.toLowerCase(),
    managementState: "managed",
    upgradeStrategy: "none",
    image: chart.image("otel-collector"),
    ...(kind === "StatefulSet" && {
      replicas: sized.replicas,
      serviceName: `${name}-headless`,
      ...(sized.replicas >= 2 && { podDisruptionBudget: { maxUnavailable: 1 } }),
      topologySpreadConstraints: spread({}, labels),
    }),
    ...(props.featureGates && { args: { "feature-gates": props.featureGates.join(",") } }),
    config: props.config,
    resources: { requests: { cpu: cpuQuantity(sized.cpuCores), memory }, limits: { memory: limit } },
    env: Object.entries({ ...props.env, GOMEMLIMIT: goMemoryLimit(sized) }).map(([key, value]) => envVar(key, value)),
    ...(props.serviceAccount && { serviceAccount: props.serviceAccount }),
    ...(props.mounts && {
      volumes: props.mounts.map(({ volume }) => ({ name: volume.name, ...volume.source })),
      volumeMounts: props.mounts.map(({ volume, path }) => ({ name: volume.name, mountPath: path })),
    }),
    securityContext: containerSecurity(),
    podSecurityContext: podSecurity(collectorUser),
    terminationGracePeriodSeconds: props.terminationGraceSeconds,
    nodeSelector: { "kubernetes.io/os": "linux", ...props.nodeSelector },
    ...(props.everyNode && { tolerations: [{ operator: "Exists" }] }),
    ...(chart.priorityClassName && { priorityClassName: chart.priorityClassName }),
  };
  const resource = {
    apiVersion: "opentelemetry.io/v1beta1",
    kind: "OpenTelemetryCollector",
    metadata: chart.metadata(chart.name, chart.component),
    spec,
  };
  return resource;
}
