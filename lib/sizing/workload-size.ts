import { formatBytes, quantityBytes, quantityCores } from "./units.ts";

/** Why a derived number is what it is: one sentence a field, shown by `skopos plan`. */
export type Reasons<T> = { readonly [K in keyof T]?: string };

/** How many pods of a workload there are and what each of them asks for. */
export interface Resources {
  /** Pods. For a DaemonSet the number of nodes it runs on. */
  readonly replicas: number;
  /** CPU request of one pod's main container, in cores. No limit is set: throttling hurts more than it protects. */
  readonly cpuCores: number;
  /** Memory request of one pod's main container, in bytes. */
  readonly memoryBytes: number;
  /** Memory limit of the same. @default the request: memory cannot be given back under pressure */
  readonly memoryLimitBytes?: number;
  /** Volume of one pod, in bytes. @default none */
  readonly diskBytes?: number;
}

/** {@link Resources} with the reason of each number. */
export interface WorkloadSize extends Resources {
  readonly reasons: Reasons<Resources>;
}

/**
 * The disk to ask for where this much is needed: a power of two, or a quarter or a half more than one. That is at most
 * a third more than needed: 4, 5, 6, 8, 10, 12, 16 GiB and so on. A StatefulSet's claims cannot be changed, and disks
 * of many storage classes cannot grow: a workload that changes a little must not ask for another.
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

/** Whether the stack keeps running when a pod, a node or a zone goes. */
export type Availability = "single" | "redundant";

/** Replicas for a load: at least the floor (1 where one of everything is asked for), else as many as the load needs. */
export function replicasFor(load: number, perReplica: number, floor: number, availability: Availability): number {
  const needed = Math.max(1, Math.ceil(load / perReplica));
  return availability === "single" ? needed : Math.max(floor, needed);
}
