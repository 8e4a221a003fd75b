import { yamlText } from "../../../lib/formats/yaml.ts";
import {
  apiServerPorts,
  type ComponentChart,
  configMap,
  configVolume,
  deployment,
  partName,
  service,
  serviceAccount,
  serviceMonitor,
  statefulSet,
} from "../../../lib/kubernetes/index.ts";
import type { WorkloadSize } from "../../../lib/sizing/index.ts";
import { nobody } from "../operator/operated.ts";

const part = "kube-state-metrics";
const ports = { http: 8080, telemetry: 8081 } as const;

/** A custom resource whose state becomes metrics. */
export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Name in the API's paths: `certificates`. */
  readonly plural: string;
  /**
   * Its metrics, in the language of kube-state-metrics.
   * @see https://github.com/kubernetes/kube-state-metrics/blob/v2.20.0/docs/metrics/extend/customresourcestate-metrics.md
   */
  readonly metrics: readonly object[];
}

/** What kube-state-metrics exposes beyond its default. */
export interface StateMetrics {
  /** Keys of labels that `kube_<object>_labels` has, by resource; `*` for all of them. @default none @example {pods: ["team"]} */
  readonly labels?: Readonly<Partial<Record<string, readonly string[]>>>;
  /** Keys of annotations that `kube_<object>_annotations` has, by resource. @default none */
  readonly annotations?: Readonly<Partial<Record<string, readonly string[]>>>;
  /** Custom resources. @default none */
  readonly customResources?: readonly CustomResource[];
}

/** Watched resources by API group: those that dashboards and rules query. Secrets and ConfigMaps are not among them. */
const watched: Readonly<Record<string, readonly string[]>> = {
  "": [
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "services",
  ],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  policy: ["poddisruptionbudgets"],
  "storage.k8s.io": ["storageclasses", "volumeattachments"],
};

/** The resources whose labels and annotations can be exposed. */
export const stateResources: readonly string[] = Object.values(watched).flat().sort();

/** `pods=[team,app],namespaces=[*]` */
const allowlist = (keys: Readonly<Partial<Record<string, readonly string[]>>>): string =>
  Object.entries(keys)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, each = []]) => `${resource}=[${each.join(",")}]`)
    .join(",");

const hasKeys = (keys: object | undefined): boolean => keys !== undefined && Object.keys(keys).length > 0;

/** The file that says how custom resources become metrics. */
function customResourceFile(chart: ComponentChart, name: string, resources: readonly CustomResource[]) {
  const config = {
    kind: "CustomResourceStateMetrics",
    spec: {
      resources: resources.map(({ group, version, kind, plural, metrics }) => ({
        groupVersionKind: { group, version, kind },
        resourcePlural: plural,
        metrics,
      })),
    },
  };
  const file = "custom-resources.yaml";
  return {
    file,
    volume: configVolume(configMap(chart, part, `${name}-custom-resources`, { [file]: yamlText(config) })),
  };
}

const configFolder = "/etc/kube-state-metrics";

/** Adds kube-state-metrics as one pod, or as shards that each expose a share of the objects. */
export function kubeStateMetrics(chart: ComponentChart, sized: WorkloadSize, more: StateMetrics = {}): void {
  const name = partName(chart, part);
  const sharded = sized.replicas > 1;
  const { labels, annotations, customResources = [] } = more;
  const custom = customResources.length > 0 ? customResourceFile(chart, name, customResources) : undefined;
  // It waits for the definitions of custom resources.
  const watchedCustom = [
    ...customResources.map(({ group, plural }) => [group, [plural]] as const),
    ...(custom ? [["apiextensions.k8s.io", ["customresourcedefinitions"]] as const] : []),
  ];
  const account = serviceAccount(chart, {
    part,
    clusterRules: [...Object.entries(watched), ...watchedCustom].map(([apiGroup, resources]) => ({
      apiGroups: [apiGroup],
      resources: [...resources],
      verbs: ["list", "watch"],
    })),
    // Each shard reads the number of shards from its StatefulSet.
    ...(sharded && {
      namespaceRules: [
        { apiGroups: ["apps"], resources: ["statefulsets"], resourceNames: [name], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      ],
    }),
  });
  const workload = {
    part,
    sized,
    user: nobody,
    serviceAccount: account,
    containers: [
      {
        name: part,
        image: part,
        args: [
          `--port=${ports.http}`,
          `--telemetry-port=${ports.telemetry}`,
          `--resources=${stateResources.join(",")}`,
          ...(hasKeys(labels) ? [`--metric-labels-allowlist=${allowlist(labels ?? {})}`] : []),
          ...(hasKeys(annotations) ? [`--metric-annotations-allowlist=${allowlist(annotations ?? {})}`] : []),
          ...(custom ? [`--custom-resource-state-config-file=${configFolder}/${custom.file}`] : []),
          ...(sharded ? ["--pod=$(POD_NAME)", "--pod-namespace=$(POD_NAMESPACE)"] : []),
        ],
        ...(sharded && {
          env: { POD_NAME: { field: "metadata.name" }, POD_NAMESPACE: { field: "metadata.namespace" } },
        }),
        ports,
        ...(custom && { mounts: [{ volume: custom.volume, path: configFolder }] }),
        probes: { port: "telemetry", readiness: "/readyz", liveness: "/livez", livenessPort: "http" },
      },
    ],
  } as const;
  if (sharded) statefulSet(chart, { ...workload, serviceName: name });
  else deployment(chart, workload);
  service(chart, { part, name, ports, headless: true });
  monitors(chart, name);
  chart.connects(chart.pods(part), "api server", apiServerPorts, "the state of every object");
}

function monitors(chart: ComponentChart, name: string): void {
  serviceMonitor(chart, {
    part,
    name,
    jobLabel: "app.kubernetes.io/component",
    port: "http",
    targetPort: ports.http,
    // Namespace, pod and container labels are those of the objects, not of kube-state-metrics.
    honorLabels: true,
    relabelings: [{ action: "labeldrop", regex: "(pod|service|endpoint|namespace|container)" }],
    class: "cluster",
  });
  serviceMonitor(chart, {
    part,
    name: `${name}-telemetry`,
    port: "telemetry",
    targetPort: ports.telemetry,
    relabelings: [{ action: "replace", targetLabel: "job", replacement: "kube-state-metrics-telemetry" }],
    class: "infrastructure",
  });
}
