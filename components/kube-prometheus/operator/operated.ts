import type { IEmbeddedPersistentVolumeClaim } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/EmbeddedPersistentVolumeClaim";
import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type { ITopologySpreadConstraint } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/TopologySpreadConstraint";
import {
  assertNewVariables,
  type ComponentChart,
  disruptionBudget,
  envVar,
  images,
  type Labels,
  type Pods,
  placementOf,
  podSecurity,
  proxyEnvironment,
  service,
  serviceMonitor,
  spread,
  trustOf,
} from "../../../lib/kubernetes/index.ts";
import { bytesQuantity, cpuQuantity, MiB, quantityCores, sized, type WorkloadSize } from "../../../lib/sizing/index.ts";

// What Prometheus and Alertmanager share: the operator creates the pods of both.

/** User ID of the Prometheus project's images. */
export const nobody = 65_534;

/** Fields of both resources: image, scheduling, security context, resources and storage. The part is also the image's name. */
export function operatedSpec(chart: ComponentChart, part: "prometheus" | "alertmanager", sized: WorkloadSize) {
  const { storageClass } = chart.cluster;
  const { pullSecrets } = chart.images;
  const { image, extraArgs, extraEnv, podLabels, podAnnotations, ...options } = chart.options(part, part);
  const trust = trustOf(chart);
  assertNewVariables(chart, trust?.env ?? {}, extraEnv ?? {});
  // The proxy is for credentials of AWS: what they send themselves has it in their configuration.
  const env = { ...proxyEnvironment(chart), ...trust?.env, ...extraEnv };
  return {
    image: chart.image(part, image),
    // The operator derives flags from it, so that it must be a version.
    version: /^v?\d+\.\d+\.\d+/.test(image?.tag ?? "") ? (image?.tag as string) : images[part].tag,
    ...(extraArgs && { additionalArgs: extraArgs.map(operatedArgument) }),
    ...(Object.keys(env).length > 0 && {
      containers: [{ name: part, env: Object.entries(env).map(([name, value]) => envVar(name, value)) }],
    }),
    ...(trust && {
      volumes: [{ name: trust.mount.volume.name, ...trust.mount.volume.source }],
      volumeMounts: [{ name: trust.mount.volume.name, mountPath: trust.mount.path, readOnly: true }],
    }),
    imagePullPolicy: "IfNotPresent",
    storage: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ["ReadWriteOnce"],
          ...(storageClass && { storageClassName: storageClass }),
          resources: { requests: { storage: bytesQuantity(sized.diskBytes ?? 0) } },
        },
        // The package's type requires an apiVersion and a kind that the CRD does not have.
      } as object as IEmbeddedPersistentVolumeClaim,
    },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    resources: {
      requests: { cpu: cpuQuantity(sized.cpuCores), memory: bytesQuantity(sized.memoryBytes) },
      limits: {
        memory: bytesQuantity(sized.memoryLimitBytes ?? sized.memoryBytes),
        ...(sized.cpuLimitCores && { cpu: cpuQuantity(sized.cpuLimitCores) }),
      },
    },
    securityContext: podSecurity(chart.cluster.platform, { user: nobody }),
    enableServiceLinks: false,
    ...placementOf(options),
    ...(sized.replicas > 1 && { topologySpreadConstraints: operatedSpread(chart, part) }),
    ...(pullSecrets && { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
    podMetadata: {
      labels: { "app.kubernetes.io/component": part, "app.kubernetes.io/part-of": "observability", ...podLabels },
      ...(podAnnotations && { annotations: { ...podAnnotations } }),
    },
  } as const satisfies Partial<IPrometheus["spec"]>;
}

/** `--log.level=debug` as the resources have it: a name without dashes, and a value unless it is a switch. */
function operatedArgument(argument: string): { readonly name: string; readonly value?: string } {
  const [, name = "", value] = /^-{0,2}([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
  return value === undefined ? { name } : { name, value };
}

/** Port of the config reloader, named `reloader-web`. */
const reloaderPort = 8080;

/** Resources of the config reloader sidecar: 15 to 25 MiB, and little CPU. */
export const reloader: WorkloadSize = sized(
  { replicas: 1, cpuCores: 0.01, memoryBytes: 32 * MiB, memoryLimitBytes: 64 * MiB },
  { cpuCores: "checks files every few minutes", memoryBytes: "15 to 25 MiB" },
);

/** Labels that the operator sets on the pods of a resource. They cannot be changed. */
export function operatedLabels(chart: Pick<ComponentChart, "name">, part: string): Labels {
  return { "app.kubernetes.io/name": part, "app.kubernetes.io/instance": chart.name };
}

/** The pods of a resource. */
export function operatedPods(chart: ComponentChart, part: string): Pods {
  return chart.pods(part, operatedLabels(chart, part));
}

/** Spreads the replicas of each shard over zones, and keeps them apart on nodes. */
function operatedSpread(chart: ComponentChart, part: string): ITopologySpreadConstraint[] {
  return spread({ apart: true }, operatedLabels(chart, part)).map((constraint) => ({
    ...constraint,
    ...(part === "prometheus" && { additionalLabelSelectors: "OnShard" as const }),
  })) as ITopologySpreadConstraint[];
}

/** Allows the eviction of one pod per shard at a time. */
export function shardBudget(chart: ComponentChart, part: string, shard: number, shards: number): void {
  const name = `${chart.name}-${part}${shards > 1 ? `-shard-${shard}` : ""}`;
  disruptionBudget(chart, name, part, {
    ...operatedLabels(chart, part),
    ...(shards > 1 && { "operator.prometheus.io/shard": String(shard) }),
  });
}

/** Records what the operator's StatefulSets request: the main container and its config reloader. */
export function addReloader(
  chart: ComponentChart,
  { part, name, sized: main }: { readonly part: string; readonly name: string; readonly sized: WorkloadSize },
): void {
  chart.image("prometheus-config-reloader");
  chart.footprints.push({
    component: chart.component,
    kind: "StatefulSet",
    namespace: chart.home,
    name,
    perPod: {
      replicas: main.replicas,
      cpuCores: quantityCores(main.cpuCores + reloader.cpuCores),
      memoryBytes: main.memoryBytes + reloader.memoryBytes,
      memoryLimitBytes:
        (main.memoryLimitBytes ?? main.memoryBytes) + (reloader.memoryLimitBytes ?? reloader.memoryBytes),
      ...(main.diskBytes !== undefined && { diskBytes: main.diskBytes }),
    },
    sized: { ...main, reasons: { ...main.reasons, replicas: main.reasons.replicas ?? part } },
  });
}

/** Adds the Service of a resource's pods, and the monitors of the main container and of its config reloader. */
export function operatedService(
  chart: ComponentChart,
  { part, name, port, clientIpAffinity = false }: OperatedServiceProps,
): void {
  const pods = operatedPods(chart, part);
  service(chart, {
    part,
    name,
    selector: operatedLabels(chart, part),
    ports: { web: port, "reloader-web": reloaderPort },
    clientIpAffinity,
  });
  serviceMonitor(chart, {
    part,
    name,
    pods,
    jobLabel: "app.kubernetes.io/component",
    port: "web",
    targetPort: port,
    class: "infrastructure",
  });
  reloaderMonitor(chart, part, pods);
}

/** The Service of a resource's pods. */
export interface OperatedServiceProps {
  readonly part: string;
  /** Name of the Service and of the main container's monitor. */
  readonly name: string;
  /** Port of the main container, named `web`. */
  readonly port: number;
  /** Whether each client IP is routed to one pod. @default false */
  readonly clientIpAffinity?: boolean;
}

/** Adds the monitor of the config reloader's own metrics. */
function reloaderMonitor(chart: ComponentChart, part: string, pods: Pods): void {
  serviceMonitor(chart, {
    part,
    name: `${chart.name}-${part}-reloader`,
    pods,
    port: "reloader-web",
    targetPort: reloaderPort,
    relabelings: [{ targetLabel: "job", replacement: "config-reloader" }],
    class: "infrastructure",
  });
}
