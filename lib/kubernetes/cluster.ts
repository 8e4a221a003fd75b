import type { Finding } from "../sizing/index.ts";
import type { Labels } from "./labels.ts";
import type { HttpProxy } from "./proxy.ts";

/** Kubernetes distribution. Determines which control-plane components can be scraped and what pods may do. */
export const platforms = [
  "kubernetes",
  "eks",
  "gke",
  "gke-autopilot",
  "eks-fargate",
  "aks",
  "openshift",
  "k3s",
] as const;
export type Platform = (typeof platforms)[number];

/**
 * What enforces network policies, and in which words they are written: NetworkPolicy (`kubernetes`, `calico`), or CiliumNetworkPolicy
 * (`cilium`), because Cilium matches nodes by identity and never by address. `none`: nothing enforces any.
 */
export const networkEngines = ["kubernetes", "cilium", "calico", "none"] as const;
export type NetworkEngine = (typeof networkEngines)[number];

/** IP families of a cluster's pods and Services. */
export const ipFamilies = ["IPv4", "IPv6"] as const;
export type IpFamily = (typeof ipFamilies)[number];

/** Facts about the cluster. Rendering needs no access to a cluster, so they cannot be discovered. */
export interface ClusterFacts {
  /** Name of the cluster: the `cluster` label of every series and `k8s.cluster.name` of all telemetry. */
  readonly name: string;
  /** Kubernetes minor version, `1.34`. */
  readonly version: string;
  readonly platform: Platform;
  /** StorageClass of every volume. @default the cluster's default class */
  readonly storageClass?: string;
  /** Availability zones, values of the node label `topology.kubernetes.io/zone`. @default unknown: pods are spread by the label only */
  readonly zones?: readonly string[];
  /** CIDRs of the nodes: NetworkPolicies cannot select the kubelet or host-network pods by label. */
  readonly nodeCidrs?: readonly string[];
  /** CIDRs of the API server, for the same reason. */
  readonly apiServerCidrs?: readonly string[];
  /** What enforces network policies. @default "cilium" on AKS, elsewhere "kubernetes": {@link networkEngineOf} */
  readonly networkEngine?: NetworkEngine;
  /**
   * CIDRs from which nodes reach pods of other nodes through a tunnel (VXLAN, IPIP): the tunnel interfaces' addresses, which are of
   * the pods' range. @default none
   */
  readonly tunnelCidrs?: readonly string[];
  /** CIDRs of load balancers that connect to pods themselves. @default Google's front ends on GKE, elsewhere nodeCidrs */
  readonly loadBalancerCidrs?: readonly string[];
  /** Pods of Ingress controllers and Gateways, which alone may connect to what is routed. @default any pod */
  readonly ingressControllers?: readonly { readonly namespace: string; readonly labels?: Labels }[];
  /** IP families of pods and Services, the primary one first: both in a dual-stack cluster. @default ["IPv4"] */
  readonly ipFamilies?: readonly IpFamily[];
  /** HTTP proxy through which pods reach what is outside the cluster. @default none: pods connect themselves */
  readonly proxy?: HttpProxy;
  /** Where pods send DNS queries, for NetworkPolicies. @default by platform: {@link dnsServersOf} */
  readonly dns?: DnsServers;
  /** DNS domain of Services. @default "cluster.local" */
  readonly dnsDomain?: string;
}

/**
 * The engine of a cluster. AKS advises Azure CNI powered by Cilium, but has no engine unless one is chosen, or Calico, or Azure's own.
 * Where it is not Cilium, the API server rejects the policies at once, and the plan lists the prerequisite; NetworkPolicies on Cilium
 * would silently cut off the nodes.
 * @see https://learn.microsoft.com/azure/aks/azure-cni-powered-by-cilium
 */
export function networkEngineOf({ networkEngine, platform }: ClusterFacts): NetworkEngine {
  return networkEngine ?? (platform === "aks" ? "cilium" : "kubernetes");
}

/** Where pods send DNS queries. */
export interface DnsServers {
  /** Pods of DNS servers: any of these label sets in the namespace. @default none */
  readonly pods?: { readonly namespace: string; readonly labels: readonly Readonly<Record<string, string>>[] };
  /** Addresses of DNS servers on the host's network or outside the cluster. @default none */
  readonly cidrs?: readonly string[];
  /** Ports at the servers, not those of a Service in front of them. @default [53] */
  readonly ports?: readonly number[];
}

/**
 * Address of NodeLocal DNSCache on every node. Its pods use the host's network, so that no policy can select them by label, but where
 * Cilium redirects queries to pods of its own.
 * @see https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
 */
const nodeLocal = "169.254.20.10/32";

const kubeDns: DnsServers = {
  pods: { namespace: "kube-system", labels: [{ "k8s-app": "kube-dns" }, { "k8s-app": "node-local-dns" }] },
  cidrs: [nodeLocal],
};

/** Cloud DNS for GKE answers at the metadata address: https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-dns. */
const cloudDns = "169.254.169.254/32";

/**
 * OpenShift's DNS operator runs CoreDNS on port 5353 behind a Service on 53, and policies are about the pods' port.
 * @see https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/networking_operators/dns-operator
 */
const openshiftDns: DnsServers = {
  pods: { namespace: "openshift-dns", labels: [{ "dns.operator.openshift.io/daemonset-dns": "default" }] },
  ports: [5353],
};

/** The DNS servers of a cluster. */
export function dnsServersOf({ dns, platform }: ClusterFacts): DnsServers {
  if (dns) return dns;
  if (platform === "openshift") return openshiftDns;
  if (platform === "gke" || platform === "gke-autopilot") return { ...kubeDns, cidrs: [nodeLocal, cloudDns] };
  return kubeDns;
}

/** A generic cluster. */
export const defaultCluster: ClusterFacts = { name: "kubernetes", version: "1.34", platform: "kubernetes" };

/** DNS domain of a cluster's Services. */
export function dnsDomain(cluster: ClusterFacts): string {
  return cluster.dnsDomain ?? "cluster.local";
}

/** IP family policy of a Service that clients of either family connect to; undefined in a cluster of one family. */
export function ipFamilyPolicyOf({ ipFamilies = [] }: ClusterFacts): "PreferDualStack" | undefined {
  return ipFamilies.length > 1 ? "PreferDualStack" : undefined;
}

/**
 * Finds a cluster whose pods have an IPv6 address only, or as their primary one. Mimir and Loki announce the first IPv4 address
 * of a pod to the other members of their rings, and collectors and Grafana append a port to the primary address of a pod or node,
 * which is no address if that is an IPv6 one.
 */
export function validateIpFamilies(cluster: ClusterFacts): readonly Finding[] {
  const { ipFamilies: [primary] = [] } = cluster;
  const stated = primary === "IPv6" ? [["ipFamilies", "IPv6 is the primary family"] as const] : [];
  const ranges = (["nodeCidrs", "apiServerCidrs"] as const).flatMap((key) =>
    cluster[key]?.length && cluster[key].every((cidr) => cidr.includes(":")) ? [[key, "are all IPv6"] as const] : [],
  );
  return [...stated, ...ranges].map(([key, message]) => ({
    code: "SKP1260",
    at: `cluster.${key}`,
    message,
    fix: "# deploy to a cluster whose primary IP family is IPv4, and name its IPv4 CIDRs here, too",
  }));
}

/** Whether host-level agents (host network, host paths, BPF) may run: serverless nodes reject them. */
export function allowsHostAgents(platform: Platform): boolean {
  return platform !== "gke-autopilot" && platform !== "eks-fargate";
}

/** Finds a host-level agent on a platform whose nodes reject it. @param at the prop that asks for it @param fix what to set instead */
export function validateHostAgent(platform: Platform, at: string, fix: string): readonly Finding[] {
  if (allowsHostAgents(platform)) return [];
  return [{ code: "SKP1209", at, message: `nodes of ${platform} run no host-level agents`, fix }];
}
