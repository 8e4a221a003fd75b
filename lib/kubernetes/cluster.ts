import type { Finding } from "../sizing/index.ts";

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
  /** DNS domain of Services. @default "cluster.local" */
  readonly dnsDomain?: string;
}

/** A generic cluster. */
export const defaultCluster: ClusterFacts = { name: "kubernetes", version: "1.34", platform: "kubernetes" };

/** DNS domain of a cluster's Services. */
export function dnsDomain(cluster: ClusterFacts): string {
  return cluster.dnsDomain ?? "cluster.local";
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
