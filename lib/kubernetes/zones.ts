import type { ApiObject } from "cdk8s";
import type { ClusterFacts } from "./cluster.ts";
import type { Zone } from "./workload.ts";

/** Replication factor of the rings: a zone holds one copy of everything. */
export const zoneCount = 3;

/** The three zones of a zone-aware component, pinned to the cluster's own where three of those are known. */
export function threeZones(cluster: ClusterFacts): readonly Zone[] {
  const topologies = cluster.zones ?? [];
  return ["zone-a", "zone-b", "zone-c"].map((name, index) => {
    const topology = topologies.length >= zoneCount ? topologies[index] : undefined;
    return { name, ...(topology && { topology }) };
  });
}

/**
 * Makes objects change one after the other: each depends on the one before (Pulumi waits for it), and carries the next
 * sync wave (Argo CD waits for it). Two zones that restart at once would leave a single copy of the data.
 */
export function oneAfterTheOther(objects: readonly ApiObject[]): void {
  objects.forEach((object, index) => {
    const before = objects[index - 1];
    if (before) object.addDependency(before);
    object.metadata.addAnnotation("argocd.argoproj.io/sync-wave", String(index));
  });
}
