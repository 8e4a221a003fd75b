import type { ApiObject } from "cdk8s";
import type { IAffinity } from "kubernetes-models/v1/Affinity";
import type { INodeSelectorRequirement } from "kubernetes-models/v1/NodeSelectorRequirement";
import type { IPodTemplateSpec } from "kubernetes-models/v1/PodTemplateSpec";
import type { IToleration } from "kubernetes-models/v1/Toleration";
import type { ITopologySpreadConstraint } from "kubernetes-models/v1/TopologySpreadConstraint";
import { quantityBytes, quantityCores, type Resources, type WorkloadSize } from "../sizing/index.ts";
import { trusting } from "./authorities.ts";
import { type ComponentChart, partName } from "./chart.ts";
import { configHashAnnotation } from "./config-map.ts";
import { assertNewVariables, type ContainerProps, container } from "./container.ts";
import { type Labels, objectLabels, selectorLabels } from "./labels.ts";
import { placementOf, type WorkloadOptions } from "./options/index.ts";
import { serviceAccount } from "./rbac.ts";
import { podSecurity } from "./security.ts";
import { claimTemplates, type Volume } from "./volumes.ts";

/** Props that all kinds of workloads share. */
interface PodProps {
  /** The part of the component: `app.kubernetes.io/component`. */
  readonly part: string;
  /** Object name. @default the component's name, followed by `-part` unless the part is the component itself */
  readonly name?: string;
  /** @default the component's */
  readonly namespace?: string;
  readonly sized: WorkloadSize;
  /** The main container comes first and has the requests of `sized`. */
  readonly containers: readonly [Omit<ContainerProps, "resources">, ...ContainerProps[]];
  /** Uid and gid of the pod, and group of its volumes. */
  readonly user: number;
  /** Labels on the pods beyond the identity's. @default none */
  readonly podLabels?: Labels;
  /** Annotations on the pods beyond the config hashes. @default none */
  readonly podAnnotations?: Labels;
  /** ServiceAccount whose token the pod uses for the Kubernetes API. @default none: no token is mounted */
  readonly serviceAccount?: string;
  /** ServiceAccount of a pod that does not mount its token (workload identity, SCC). @default serviceAccount */
  readonly identityAccount?: string;
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
  readonly nodeSelector?: Labels;
  /** Requirements of nodes; one list of them has to be met. @default none */
  readonly nodes?: readonly (readonly INodeSelectorRequirement[])[];
  readonly tolerations?: readonly IToleration[];
  /** @default false */
  readonly hostNetwork?: boolean;
  /** @default false */
  readonly hostPID?: boolean;
}

/** A zone of a zone-aware component; each has its own workload. */
export interface Zone {
  /** Its name within the component, `zone-a`: also a label of its pods. */
  readonly name: string;
  /** Value of `topology.kubernetes.io/zone` that its pods are pinned to. @default none: the cluster's zones are not known */
  readonly topology?: string;
}

interface SpreadProps {
  /** The zone all pods belong to. @default none: spread over zones and nodes */
  readonly zone?: Zone;
  /** Whether two pods share a node only if no other takes them. @default false: spreading over nodes is a preference */
  readonly apart?: boolean;
}

/**
 * How pods of a pair are kept apart: a node with fewer of them is chosen, whatever else speaks for another. Nodes that do not take the
 * pods, such as tainted ones, do not count, so that both run where one node is left.
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
const apartOnNodes = { whenUnsatisfiable: "DoNotSchedule", nodeTaintsPolicy: "Honor" } as const;

export interface StatefulSetProps extends PodProps, SpreadProps {
  /** Headless Service that governs the DNS names of the pods. */
  readonly serviceName: string;
  /** Start and stop pods one at a time (`OrderedReady`). @default false */
  readonly ordered?: boolean;
}

export interface DeploymentProps extends PodProps, SpreadProps {
  /** Stop the old pod before the new one starts (`Recreate`). @default false */
  readonly recreate?: boolean;
}

/** A DaemonSet runs on every Linux node that `nodeSelector` allows. */
export interface DaemonSetProps extends PodProps {
  /** Pods that may be unavailable during an update, or their share. @default "10%" */
  readonly maxUnavailable?: number | string;
}

/** Adds a Deployment with its disruption budget. */
export function deployment(chart: ComponentChart, props: DeploymentProps): ApiObject {
  const { replicas } = props.sized;
  return addWorkload(chart, "Deployment", props, (template, labels) => ({
    replicas,
    selector: { matchLabels: labels },
    strategy: props.recreate ? { type: "Recreate" } : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    template,
  }));
}

/** Adds a StatefulSet with its claims and disruption budget. */
export function statefulSet(chart: ComponentChart, props: StatefulSetProps): ApiObject {
  const volumes = volumesOf(props);
  return addWorkload(chart, "StatefulSet", props, (template, labels) => {
    const claims = claimTemplates(volumes, chart.cluster.storageClass, labels);
    return {
      replicas: props.sized.replicas,
      serviceName: props.serviceName,
      podManagementPolicy: props.ordered ? "OrderedReady" : "Parallel",
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate" },
      ...(claims.length > 0 && {
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        volumeClaimTemplates: claims,
      }),
      template,
    };
  });
}

/** Adds a DaemonSet. It has no PodDisruptionBudget, because drains ignore DaemonSets. */
export function daemonSet(chart: ComponentChart, props: DaemonSetProps): ApiObject {
  return addWorkload(chart, "DaemonSet", props, (template, labels) => ({
    selector: { matchLabels: labels },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: props.maxUnavailable ?? "10%" } },
    template,
  }));
}

function addWorkload(
  chart: ComponentChart,
  kind: "Deployment" | "StatefulSet" | "DaemonSet",
  props: PodProps & SpreadProps,
  spec: (template: IPodTemplateSpec, labels: Record<string, string>) => object,
): ApiObject {
  const name = props.name ?? partName(chart, props.part);
  const zoneLabels: Labels = props.zone ? { "skopos.dev/zone": props.zone.name } : {};
  const labels = { ...selectorLabels(chart.identity(props.part)), ...zoneLabels };
  const object = chart.add({
    apiVersion: "apps/v1",
    kind,
    metadata: chart.metadata(name, props.part, zoneLabels, props.namespace),
    spec: spec(podTemplate(chart, kind, props, labels), labels),
  });
  chart.footprints.push({
    component: chart.component,
    kind,
    namespace: props.namespace ?? chart.home,
    name,
    perPod: podResources(props),
    sized: props.sized,
  });
  // The zones of a component share one budget, which the component adds: two zones must never lose a pod at once.
  if (kind !== "DaemonSet" && props.sized.replicas >= 2 && !props.zone)
    disruptionBudget(chart, name, props.part, labels, props.namespace);
  return object;
}

/** Allows one pod at a time to be evicted. Zero would block node drains. */
export function disruptionBudget(
  chart: ComponentChart,
  name: string,
  part: string,
  matchLabels: Labels,
  namespace = chart.home,
): void {
  chart.add({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: chart.metadata(name, part, {}, namespace),
    spec: { maxUnavailable: 1, selector: { matchLabels }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
  });
}

function podTemplate(
  chart: ComponentChart,
  kind: string,
  given: PodProps & SpreadProps,
  labels: Record<string, string>,
): IPodTemplateSpec {
  const [first, ...rest] = given.containers;
  const main = trusting(chart, first);
  const others = rest.map((each) => trusting(chart, each));
  const props: PodProps & SpreadProps = { ...given, containers: [main, ...others] };
  const options = chart.options(props.part, main.image, kind === "DaemonSet");
  const all = [mainContainer(chart, { ...main, resources: props.sized }, options), ...others];
  const volumes = volumesOf(props);
  const asRoot = all.every(({ privileges }) => privileges?.runAsRoot);
  const sidecars = all.filter(({ sidecar }) => sidecar);
  const account = props.serviceAccount ?? props.identityAccount ?? annotatedAccount(chart, props, options);
  const hashes = configHashes(volumes);
  const annotations = { ...props.podAnnotations, ...options.podAnnotations, ...hashes };
  return {
    metadata: {
      labels: { ...objectLabels(chart.identity(props.part)), ...labels, ...props.podLabels, ...options.podLabels },
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      automountServiceAccountToken: props.serviceAccount !== undefined,
      ...(account && { serviceAccountName: account }),
      securityContext: podSecurity(chart.cluster.platform, {
        user: props.user,
        runAsRoot: asRoot,
        onHost: props.hostNetwork === true || volumes.some(({ source }) => source?.hostPath !== undefined),
      }),
      terminationGracePeriodSeconds: props.terminationGraceSeconds ?? 30,
      enableServiceLinks: false,
      ...(chart.images.pullSecrets && { imagePullSecrets: chart.images.pullSecrets.map((name) => ({ name })) }),
      ...placementOf(options, {
        ...(props.nodeSelector && { nodeSelector: props.nodeSelector }),
        ...(props.tolerations && { tolerations: props.tolerations }),
        affinity: { ...nodeAffinity(props.zone?.topology, props.nodes), ...apartFromOtherZones(chart, props) },
      }),
      ...(kind !== "DaemonSet" && props.sized.replicas > 1 && { topologySpreadConstraints: spread(props, labels) }),
      ...(props.hostNetwork && { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }),
      ...(props.hostPID && { hostPID: true }),
      ...(sidecars.length > 0 && { initContainers: sidecars.map((each) => container(chart, each)) }),
      containers: all.filter(({ sidecar }) => !sidecar).map((each) => container(chart, each)),
      ...(volumes.length > 0 && {
        volumes: volumes.filter(({ source }) => source).map(({ name, source }) => ({ name, ...source })),
      }),
    },
  };
}

/** The main container with its image, variables and arguments. @throws InvalidPropsError for a variable that it has already */
function mainContainer(
  chart: ComponentChart,
  props: ContainerProps,
  { image, extraEnv, extraArgs }: WorkloadOptions,
): ContainerProps {
  assertNewVariables(chart, props.env ?? {}, extraEnv ?? {});
  return {
    ...props,
    ...(image && { imageOverride: image }),
    ...(extraEnv && { env: { ...props.env, ...extraEnv } }),
    ...(extraArgs && { args: [...(props.args ?? []), ...extraArgs] }),
  };
}

/** A ServiceAccount for pods that need none but were given annotations of one: a workload identity. */
function annotatedAccount(
  chart: ComponentChart,
  { part, namespace }: PodProps,
  { serviceAccount: wanted }: WorkloadOptions,
): string | undefined {
  return wanted?.annotations ? serviceAccount(chart, { part, ...(namespace && { namespace }) }) : undefined;
}

/** Every image of the catalogue is published for these two; a mixed cluster's other nodes are left alone. */
const architectures: INodeSelectorRequirement = {
  key: "kubernetes.io/arch",
  operator: "In",
  values: ["amd64", "arm64"],
};

function nodeAffinity(zone: string | undefined, alternatives: PodProps["nodes"] = [[]]): IAffinity {
  const everywhere: INodeSelectorRequirement[] = [
    architectures,
    ...(zone ? [{ key: "topology.kubernetes.io/zone", operator: "In" as const, values: [zone] }] : []),
  ];
  const nodeSelectorTerms = alternatives.map((each) => ({ matchExpressions: [...everywhere, ...each] }));
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

/** If the cluster's zones are not known, a node takes the role of a zone: it never runs pods of two zones. */
function apartFromOtherZones(chart: ComponentChart, { part, zone }: PodProps & SpreadProps): IAffinity {
  if (!zone || zone.topology) return {};
  const otherZones = { key: "skopos.dev/zone", operator: "NotIn" as const, values: [zone.name] };
  const labelSelector = {
    matchLabels: { ...selectorLabels(chart.identity(part)) },
    matchExpressions: [otherZones],
  };
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname", labelSelector }],
    },
  };
}

/** Spreads over zones, then over nodes. A preference, so that everything still fits on a small cluster, unless pods are kept apart. */
export function spread(props: SpreadProps, matchLabels: Labels): ITopologySpreadConstraint[] {
  const over = (topologyKey: string) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: "ScheduleAnyway" as const,
    labelSelector: { matchLabels: { ...matchLabels } },
  });
  const nodes = { ...over("kubernetes.io/hostname"), ...(props.apart && apartOnNodes) };
  return [...(props.zone?.topology ? [] : [over("topology.kubernetes.io/zone")]), nodes];
}

function volumesOf(props: PodProps): Volume[] {
  const volumes = new Map<string, Volume>();
  for (const each of props.containers) for (const { volume } of each.mounts ?? []) volumes.set(volume.name, volume);
  return [...volumes.values()];
}

function configHashes(volumes: readonly Volume[]): Record<string, string> {
  return Object.fromEntries(
    volumes.flatMap(({ configMap }) =>
      configMap?.hash ? [[configHashAnnotation(configMap.name), configMap.hash]] : [],
    ),
  );
}

/** Requests of one pod: all containers, including native sidecars, and its claims, rounded as in the manifest. */
function podResources(props: PodProps): Resources {
  const others = props.containers.slice(1) as readonly ContainerProps[];
  const all = [props.sized, ...others.map(({ resources }) => resources)];
  const total = (pick: (resources: (typeof all)[number]) => number) =>
    all.reduce((sum, resources) => sum + pick(resources), 0);
  const disk = volumesOf(props).reduce((sum, { claimBytes }) => sum + (claimBytes ? quantityBytes(claimBytes) : 0), 0);
  return {
    replicas: props.sized.replicas,
    cpuCores: total(({ cpuCores }) => quantityCores(cpuCores)),
    memoryBytes: total(({ memoryBytes }) => quantityBytes(memoryBytes)),
    memoryLimitBytes: total((each) => quantityBytes(each.memoryLimitBytes ?? each.memoryBytes)),
    ...(disk > 0 && { diskBytes: disk }),
  };
}
