import { formatBytes, quantityBytes, quantityCores } from "./units.ts";

/** Reasons of computed values: one sentence per field, shown by `skopos plan`. */
export type Reasons<T> = { readonly [K in keyof T]?: string };

/** Number of pods of a workload, and the requests of each. */
export interface Resources {
  /** Number of pods; for a DaemonSet the number of its nodes. */
  readonly replicas: number;
  /** CPU request of one pod's main container, in cores. No limit is computed: throttling hurts more than it protects. */
  readonly cpuCores: number;
  /** Memory request of one pod's main container, in bytes. */
  readonly memoryBytes: number;
  /** Memory limit of the same container. @default the request, because memory cannot be reclaimed under pressure */
  readonly memoryLimitBytes?: number;
  /** CPU limit of the same, in cores. @default none */
  readonly cpuLimitCores?: number;
  /** Volume of one pod, in bytes. @default none */
  readonly diskBytes?: number;
}

/** {@link Resources} with the reason of each number. */
export interface WorkloadSize extends Resources {
  readonly reasons: Reasons<Resources>;
  /** What was computed for each value that an override replaced. @default nothing was replaced */
  readonly computed?: Partial<Resources>;
}

/**
 * Rounds a disk up to a step: a power of two, or a quarter or half more than one (4, 5, 6, 8, 10, 12, 16 GiB and so on), at
 * most a third more than needed. Claim templates of StatefulSets are immutable, and many storage classes cannot expand
 * volumes, so small changes of the workload must not change the size.
 */
export function diskStep(neededBytes: number): number {
  const power = 2 ** Math.floor(Math.log2(neededBytes));
  const steps = [1, 1.25, 1.5, 2].map((factor) => quantityBytes(factor * power));
  return steps.find((step) => step >= neededBytes) as number;
}

/** Rounds resources to the quantities that manifests carry, so that plan and manifests agree exactly, and disks to steps. */
export function sized(resources: Resources, reasons: Reasons<Resources>): WorkloadSize {
  return {
    replicas: Math.ceil(resources.replicas),
    cpuCores: quantityCores(resources.cpuCores),
    memoryBytes: quantityBytes(resources.memoryBytes),
    ...(resources.memoryLimitBytes !== undefined && { memoryLimitBytes: quantityBytes(resources.memoryLimitBytes) }),
    ...(resources.cpuLimitCores !== undefined && { cpuLimitCores: quantityCores(resources.cpuLimitCores) }),
    ...(resources.diskBytes !== undefined && { diskBytes: diskStep(resources.diskBytes) }),
    reasons: { ...reasons, ...diskReason(resources, reasons) },
  };
}

function diskReason({ diskBytes = 0 }: Resources, { diskBytes: why }: Reasons<Resources>): Reasons<Resources> {
  const spare = diskStep(diskBytes) > quantityBytes(diskBytes);
  return why && spare
    ? {
        diskBytes: `${why}; ${formatBytes(diskBytes)} rounded up to the next step, so that small changes leave the claim as it is`,
      }
    : {};
}

/** Whether the stack tolerates the loss of a pod, a node or a zone. */
export type Availability = "single" | "redundant";

/** Replicas for a load: as many as it needs, but at least the minimum (1 with `single`). */
export function replicasFor(load: number, perReplica: number, floor: number, availability: Availability): number {
  const needed = Math.max(1, Math.ceil(load / perReplica));
  return availability === "single" ? needed : Math.max(floor, needed);
}
