import type { IScrapeClass } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ScrapeClass";
import { allowsHostAgents, type Platform } from "../../../lib/kubernetes/index.ts";

/** Parts of the control plane that Prometheus may be able to reach. */
export type ControlPlanePart = "kube-apiserver" | "coredns" | "kube-controller-manager" | "kube-scheduler" | "etcd";

/** Where a part's metrics are, in one platform or in all that are made alike. */
export interface ControlPlaneTarget {
  /** The value of `job`: what dashboards and alerts know it by. */
  readonly job: string;
  /** Namespace of the Service or of the pods. */
  readonly namespace: string;
  /** Labels of the Service that is there, or of the pods where none is. */
  readonly selector: Readonly<Record<string, string>>;
  /** A Service that the platform makes, one that we make, or the pods themselves. */
  readonly by: "service" | "own service" | "pod";
  /** Name of the port. */
  readonly port: string;
  /** Its number, for the network edge. */
  readonly targetPort: number;
  readonly path: string;
  readonly scheme: "http" | "https";
  /** Name in the certificate where it is not the target's address. */
  readonly serverName?: string;
  /** Static pods serve with certificates that they signed themselves. */
  readonly selfSigned?: boolean;
  /** Whose address it is: the API server's for what is behind its Service. */
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

/** By its pods: not every platform's kube-dns Service has the metrics port, but every Corefile serves it. */
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

/** EKS keeps them to itself and hands out their metrics through the API server (1.28 and newer). */
const throughEks = (job: string, api: string): ControlPlaneTarget => ({
  ...apiServer,
  job,
  path: `/apis/metrics.eks.amazonaws.com/v1/${api}/container/metrics`,
});

/** Static pods of kubeadm: they declare no port, so that a Service of ours has to name it. */
const staticPod = (job: string, targetPort: number, scheme: "http" | "https"): ControlPlaneTarget => ({
  job,
  namespace: "kube-system",
  selector: { component: job },
  by: "own service",
  port: `${scheme}-metrics`,
  targetPort,
  path: "/metrics",
  scheme,
  selfSigned: scheme === "https",
  peer: "nodes",
});

const everywhere = { "kube-apiserver": apiServer } as const;
const withCoreDns = { ...everywhere, coredns: coreDns } as const;

/**
 * What each platform lets Prometheus see. A managed control plane that shows nothing has no entry: no monitor that
 * finds nothing, no alert that cannot fire or always does.
 */
export const exposed: Readonly<Record<Platform, Readonly<Partial<Record<ControlPlanePart, ControlPlaneTarget>>>>> = {
  kubernetes: {
    ...withCoreDns,
    "kube-controller-manager": staticPod("kube-controller-manager", 10_257, "https"),
    "kube-scheduler": staticPod("kube-scheduler", 10_259, "https"),
    etcd: staticPod("etcd", 2381, "http"),
  },
  eks: {
    ...withCoreDns,
    "kube-controller-manager": throughEks("kube-controller-manager", "kcm"),
    "kube-scheduler": throughEks("kube-scheduler", "ksh"),
  },
  "eks-fargate": {
    ...withCoreDns,
    "kube-controller-manager": throughEks("kube-controller-manager", "kcm"),
    "kube-scheduler": throughEks("kube-scheduler", "ksh"),
  },
  // GKE runs kube-dns or Cloud DNS, whose metrics are Google's.
  gke: everywhere,
  "gke-autopilot": everywhere,
  aks: withCoreDns,
  // Its control plane wants client certificates and is watched by OpenShift's own monitoring.
  openshift: everywhere,
  // One process: the API server's metrics already hold those of scheduler and controller manager.
  k3s: withCoreDns,
};

/**
 * Parts that are watched where nothing else is said. kubeadm binds controller manager, scheduler and etcd to the
 * loopback address until it is told otherwise, so on a plain cluster they are watched when asked for.
 */
export function watchedByDefault(platform: Platform): readonly ControlPlanePart[] {
  const parts = Object.keys(exposed[platform]) as ControlPlanePart[];
  return platform === "kubernetes" ? parts.filter((part) => part === "kube-apiserver" || part === "coredns") : parts;
}

/** Whether pods may ask the kubelets. Serverless nodes do not answer. */
export function exposesKubelet(platform: Platform): boolean {
  return allowsHostAgents(platform);
}

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Names of the scrape classes that carry Prometheus' own token, each with the certificate check of its targets. */
export const scrapeClass = { kubelet: "skopos-kubelet", controlPlane: "skopos-control-plane" } as const;

/**
 * How to ask those who want to know who asks. Monitors may not name files of the Prometheus pod, but they may name a
 * class: the label that selects monitors, and who may set it, decides who that is.
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
