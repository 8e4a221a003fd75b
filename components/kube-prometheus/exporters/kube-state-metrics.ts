import {
  apiServerPorts,
  type ComponentChart,
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

/** Adds kube-state-metrics as one pod, or as shards that each expose a share of the objects. */
export function kubeStateMetrics(chart: ComponentChart, sized: WorkloadSize): void {
  const name = partName(chart, part);
  const sharded = sized.replicas > 1;
  const account = serviceAccount(chart, {
    part,
    clusterRules: Object.entries(watched).map(([apiGroup, resources]) => ({
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
  const resources = Object.values(watched).flat().sort();
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
          `--resources=${resources.join(",")}`,
          ...(sharded ? ["--pod=$(POD_NAME)", "--pod-namespace=$(POD_NAMESPACE)"] : []),
        ],
        ...(sharded && {
          env: { POD_NAME: { field: "metadata.name" }, POD_NAMESPACE: { field: "metadata.namespace" } },
        }),
        ports,
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
