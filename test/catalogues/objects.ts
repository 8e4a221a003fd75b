import type { KubernetesObject } from "../../lib/kubernetes/object.ts";

/** Namespace of the objects whose state is recorded. */
export const namespace = "recorded";

/** An API whose server does not answer. */
export const apiService = "v1.recorded.example.com";

const twice = (make: (name: string) => object): KubernetesObject[] =>
  ["a", "b"].map((name) => make(name) as KubernetesObject);

const inNamespace = (name: string) => ({ name, namespace });

const resources = {
  requests: { cpu: "10m", memory: "16Mi", "ephemeral-storage": "8Mi" },
  limits: { cpu: "100m", memory: "32Mi", "ephemeral-storage": "64Mi" },
};

/** A command that fails at once. */
const unreachable = ["get", "http://127.0.0.1:1/"];

/** A pod that runs, with two containers and every resource limited. */
const pod = (name: string, image: string) => ({
  metadata: { labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: ["first", "second"].map((container, index) => ({
      name: container,
      image,
      env: [{ name: "STAND_IN_PORTS", value: `${8080 + index}` }],
      resources,
    })),
  },
});

/** A pod whose container ends: at once, with an exit code, by asking for more memory than it may have, or without an image. */
const ending = (name: string, container: object) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: inNamespace(name),
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "main", resources, ...container }] },
});

/**
 * Two or more of each kind that kube-state-metrics watches, and the states that its alerts are about: containers that crash,
 * run out of memory or have no image, a pod that is evicted, jobs that fail, an API without a server.
 *
 * @param image one that serves HTTP, and knows the commands of the test clusters' program
 */
export const objects = (image: string): readonly KubernetesObject[] => [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } } as KubernetesObject,
  ...twice((name) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: inNamespace(`deployment-${name}`),
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: `deployment-${name}` } },
      template: pod(`deployment-${name}`, image),
    },
  })),
  ...twice((name) => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: inNamespace(`daemonset-${name}`),
    spec: { selector: { matchLabels: { app: `daemonset-${name}` } }, template: pod(`daemonset-${name}`, image) },
  })),
  ...twice((name) => ({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: inNamespace(`statefulset-${name}`),
    spec: {
      replicas: 1,
      serviceName: `service-${name}`,
      selector: { matchLabels: { app: `statefulset-${name}` } },
      template: pod(`statefulset-${name}`, image),
    },
  })),
  ...twice((name) => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: inNamespace(`job-${name}`),
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: "main", image, args: name === "a" ? unreachable : ["pause"], resources }],
        },
      },
    },
  })),
  ...twice((name) => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: inNamespace(`cronjob-${name}`),
    spec: {
      schedule: "0 0 1 1 *",
      jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image }] } } } },
    },
  })),
  ...twice((name) => ({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: inNamespace(`autoscaler-${name}`),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: `deployment-${name}` },
      minReplicas: 2,
      maxReplicas: 3,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
      ],
    },
  })),
  ...twice((name) => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: inNamespace(`budget-${name}`),
    spec: { minAvailable: 1, selector: { matchLabels: { app: `deployment-${name}` } } },
  })),
  ...twice((name) => ({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: inNamespace(`quota-${name}`),
    spec: { hard: { pods: "50", "requests.cpu": "4", "requests.memory": "4Gi", "limits.cpu": "8" } },
  })),
  ...twice((name) => ({
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: inNamespace(`controller-${name}`),
    spec: { replicas: 0, selector: { app: `controller-${name}` }, template: pod(`controller-${name}`, image) },
  })),
  ...twice((name) => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "VolumeAttachment",
    metadata: { name: `attachment-${name}` },
    spec: { attacher: "driver.example.com", nodeName: "node-1", source: { persistentVolumeName: `volume-${name}` } },
  })),
  ...twice((name) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: inNamespace(`service-${name}`),
    spec: { selector: { app: `statefulset-${name}` }, ports: [{ port: 80, targetPort: 8080 }] },
  })),
  ...twice((name) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: inNamespace(`claim-${name}`),
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "8Mi" } } },
  })),
  ...twice((name) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: inNamespace(`writer-${name}`),
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "main", image, resources, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: `claim-${name}` } }],
    },
  })),
  ending("crashing", { image, args: unreachable }) as KubernetesObject,
  ending("hungry", { image, args: ["eat", "256"] }) as KubernetesObject,
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: inNamespace("evicted"),
    spec: {
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: "1Ki" } }],
      initContainers: [
        {
          name: "writer",
          image,
          args: ["write", "/scratch/large", "x".repeat(100_000)],
          resources,
          volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
        },
      ],
      containers: [{ name: "main", image, args: ["pause"], resources }],
    },
  } as unknown as KubernetesObject,
  ending("imageless", { image: "mirror.test/none:1" }) as KubernetesObject,
  {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: apiService },
    spec: {
      group: "recorded.example.com",
      version: "v1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: "service-a", namespace },
    },
  } as unknown as KubernetesObject,
];
