import type { IScrapeClass } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ScrapeClass";
import { allowsHostAgents, type Platform } from "../../../lib/kubernetes/index.ts";

/** Control plane components that can be monitored. */
export const controlPlaneParts = [
  "kube-apiserver",
  "coredns",
  "kube-controller-manager",
  "kube-scheduler",
  "etcd",
  "kube-proxy",
] as const;
export type ControlPlanePart = (typeof controlPlaneParts)[number];

/** How to scrape a control plane component on a platform. */
export interface ControlPlaneTarget {
  /** Value of the `job` label, as dashboards and rules expect it. */
  readonly job: string;
  /** Namespace of the Service or the pods. */
  readonly namespace: string;
  /** Labels of the existing Service, or of the pods if there is none. */
  readonly selector: Readonly<Record<string, string>>;
  /** Whether targets come from a Service of the platform, from one that the chart adds, or from pods. */
  readonly by: "service" | "own service" | "pod";
  /** Port name. */
  readonly port: string;
  /** Port number, for the network policy. */
  readonly targetPort: number;
  /** HTTP path. */
  readonly path: string;
  /** Protocol. */
  readonly scheme: "http" | "https";
  /** Server name in the certificate. @default the target's address */
  readonly serverName?: string;
  /** Whether the certificate is self-signed, as those of static pods are. @default false */
  readonly selfSigned?: boolean;
  /** Destination in network policies. */
  readonly peer: "api server" | "nodes" | "any pod";
}

const apiServer: ControlPlaneTarget = {
  job: "apiserver",
  namespace: "default",
  selector: { component: "apiserver", provider: "kubernetes" },
  by: "service",
  port: "https",
  targetPort: 6443,
  path: "/metrics",
  scheme: "https",
  serverName: "kubernetes",
  peer: "api server",
};

/** Scraped through its pods: not every platform's kube-dns Service has the metrics port. */
const coreDns: ControlPlaneTarget = {
  job: "coredns",
  namespace: "kube-system",
  selector: { "k8s-app": "kube-dns" },
  by: "pod",
  port: "metrics",
  targetPort: 9153,
  path: "/metrics",
  scheme: "http",
  peer: "any pod",
};

/** EKS (1.28 and later) serves them through the API server: https://docs.aws.amazon.com/eks/latest/userguide/view-raw-metrics.html. */
const throughEks = (job: string, api: string): ControlPlaneTarget => ({
  ...apiServer,
  job,
  path: `/apis/metrics.eks.amazonaws.com/v1/${api}/container/metrics`,
});

/** Static pods of kubeadm, or others that declare no port, so that the chart adds a Service that does. */
const staticPod = (
  job: string,
  targetPort: number,
  scheme: "http" | "https",
  selector: ControlPlaneTarget["selector"] = { component: job },
): ControlPlaneTarget => ({
  job,
  namespace: "kube-system",
  selector,
  by: "own service",
  port: `${scheme}-metrics`,
  targetPort,
  path: "/metrics",
  scheme,
  selfSigned: scheme === "https",
  peer: "nodes",
});

/** Of kubeadm and EKS, on every node; it listens on the loopback address unless `metricsBindAddress` says otherwise. */
const kubeProxy = staticPod("kube-proxy", 10_249, "http", { "k8s-app": "kube-proxy" });

const everywhere = { "kube-apiserver": apiServer } as const;
const withCoreDns = { ...everywhere, coredns: coreDns } as const;

/**
 * Control plane components that each platform exposes. Others have no entry, so that there is no monitor without targets
 * and no alert that never or always fires.
 */
export const exposed: Readonly<Record<Platform, Readonly<Partial<Record<ControlPlanePart, ControlPlaneTarget>>>>> = {
  kubernetes: {
    ...withCoreDns,
    "kube-controller-manager": staticPod("kube-controller-manager", 10_257, "https"),
    "kube-scheduler": staticPod("kube-scheduler", 10_259, "https"),
    etcd: staticPod("etcd", 2381, "http"),
    "kube-proxy": kubeProxy,
  },
  eks: {
    ...withCoreDns,
    "kube-proxy": kubeProxy,
    "kube-controller-manager": throughEks("kube-controller-manager", "kcm"),
    "kube-scheduler": throughEks("kube-scheduler", "ksh"),
  },
  "eks-fargate": {
    ...withCoreDns,
    "kube-controller-manager": throughEks("kube-controller-manager", "kcm"),
    "kube-scheduler": throughEks("kube-scheduler", "ksh"),
  },
  // GKE runs kube-dns or Cloud DNS, whose metrics are not exposed.
  gke: everywhere,
  "gke-autopilot": everywhere,
  aks: withCoreDns,
  // OpenShift's control plane requires client certificates, and is monitored by OpenShift itself.
  openshift: everywhere,
  // One process: the API server's metrics include those of scheduler and controller manager.
  k3s: withCoreDns,
};

/**
 * Components monitored by default. kubeadm binds controller manager, scheduler and etcd to the loopback address by
 * default, and kube-proxy is bound to it everywhere, so that these are only monitored on request.
 */
export function watchedByDefault(platform: Platform): readonly ControlPlanePart[] {
  const parts = (Object.keys(exposed[platform]) as ControlPlanePart[]).filter((part) => part !== "kube-proxy");
  return platform === "kubernetes" ? parts.filter((part) => part === "kube-apiserver" || part === "coredns") : parts;
}

/** Whether pods can reach kubelets. Kubelets of serverless nodes are not reachable. */
export function exposesKubelet(platform: Platform): boolean {
  return allowsHostAgents(platform);
}

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Names of the scrape classes that authenticate with Prometheus' token, by how certificates are verified. */
export const scrapeClass = { kubelet: "skopos-kubelet", controlPlane: "skopos-control-plane" } as const;

/**
 * Scrape classes for targets that require authentication. Monitors must not reference files of the Prometheus pod, but may
 * use a class.
 */
export function scrapeClasses(kubeletInsecure: boolean): IScrapeClass[] {
  const authorization = { type: "Bearer", credentialsFile: `${accountFolder}/token` };
  const checked = { caFile: `${accountFolder}/ca.crt` };
  return [
    {
      name: scrapeClass.kubelet,
      authorization,
      tlsConfig: kubeletInsecure ? { insecureSkipVerify: true } : checked,
    },
    { name: scrapeClass.controlPlane, authorization, tlsConfig: checked },
  ];
}
