/** A rule of a ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const watched = ["list", "watch"] as const;

/** What the agent's service account must be allowed to do for decoration, in either scope. */
export const permissions: readonly PolicyRule[] = [
  { apiGroups: [""], resources: ["pods", "nodes", "services"], verbs: watched },
  // Its UID stands for the cluster.
  { apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: watched },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: watched },
  // With scope "node" they are read one by one.
  { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", ...watched] },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: ["get", ...watched] },
];
