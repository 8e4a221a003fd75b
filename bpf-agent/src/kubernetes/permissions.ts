import type { Scope } from "./scope.ts";

/** A rule of a ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const watched = ["list", "watch"] as const;

/** What the agent's service account must be allowed to do for decoration. */
export function permissions(scope: Scope | "auto"): readonly PolicyRule[] {
  // With scope "node" owners are read one by one; otherwise only one that the watch has not brought yet.
  const owners = scope === "node" ? (["get"] as const) : (["get", ...watched] as const);
  return [
    { apiGroups: [""], resources: ["pods", "nodes", "services"], verbs: watched },
    // Its UID stands for the cluster.
    { apiGroups: [""], resources: ["namespaces"], resourceNames: ["kube-system"], verbs: watched },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: watched },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: owners },
    { apiGroups: ["batch"], resources: ["jobs"], verbs: owners },
  ];
}
