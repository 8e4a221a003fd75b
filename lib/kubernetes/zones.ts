import type { ApiObject } from "cdk8s";
import type { WorkloadSize } from "../sizing/index.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { Zone } from "./workload.ts";

/** Replication factor of the rings: each zone holds one copy of all data. */
const zoneCount = 3;

/** The three zones of a zone-aware component, pinned to the cluster's zones if three are known. */
export function threeZones(cluster: ClusterFacts): readonly Zone[] {
  const topologies = cluster.zones ?? [];
  return ["zone-a", "zone-b", "zone-c"].map((name, index) => {
    const topology = topologies.length >= zoneCount ? topologies[index] : undefined;
    return { name, ...(topology && { topology }) };
  });
}

/** The size of one zone's workload. @param total replicas of all zones together */
export function perZone(total: WorkloadSize): WorkloadSize {
  const { computed } = total;
  return {
    ...total,
    replicas: total.replicas / zoneCount,
    ...(computed?.replicas && { computed: { ...computed, replicas: computed.replicas / zoneCount } }),
  };
}

/**
 * Rolls out objects sequentially: each depends on the previous one (Pulumi waits for it) and has the next sync wave
 * (Argo CD waits for it). If two zones restarted at once, only one copy of the data would be available.
 */
export function rolloutSequentially(objects: readonly ApiObject[]): void {
  objects.forEach((object, index) => {
    const before = objects[index - 1];
    if (before) object.addDependency(before);
    object.metadata.addAnnotation("argocd.argoproj.io/sync-wave", String(index));
  });
}
