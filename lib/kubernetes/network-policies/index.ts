import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { type ClusterFacts, networkEngineOf } from "../cluster.ts";
import type { Edge } from "../network.ts";
import { type CiliumNetworkPolicy, ciliumAllowDeclared, ciliumDenyAll } from "./cilium.ts";
import { allowDeclared, denyAll } from "./kubernetes.ts";
import { namespacesOf, targetsOf } from "./places.ts";

/**
 * The policies of a set of edges, in the words of the cluster's network engine: in each namespace everything is denied, then
 * each workload is allowed its declared connections and DNS.
 * @param shared whether the namespaces also contain pods of others, which are then not restricted
 */
export function networkPolicies(
  edges: readonly Edge[],
  cluster: ClusterFacts,
  shared = false,
): readonly (INetworkPolicy | CiliumNetworkPolicy)[] {
  const engine = networkEngineOf(cluster);
  if (engine === "none") return [];
  const targets = targetsOf(edges);
  const denied = namespacesOf(targets).map((namespace) => ({ namespace, shared }));
  if (engine === "cilium")
    return [...denied.map(ciliumDenyAll), ...targets.map((target) => ciliumAllowDeclared(target, cluster))];
  return [...denied.map(denyAll), ...targets.map((target) => allowDeclared(target, cluster))];
}
