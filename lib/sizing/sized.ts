import { quantityBytes, quantityCores } from "./units.ts";

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
export interface Sized extends Resources {
  readonly reasons: Reasons<Resources>;
}

/** Rounds resources to the quantities that manifests carry, so that plan and manifests agree exactly. */
export function sized(resources: Resources, reasons: Reasons<Resources>): Sized {
  return {
    replicas: Math.ceil(resources.replicas),
    cpuCores: quantityCores(resources.cpuCores),
    memoryBytes: quantityBytes(resources.memoryBytes),
    ...(resources.memoryLimitBytes !== undefined && { memoryLimitBytes: quantityBytes(resources.memoryLimitBytes) }),
    ...(resources.diskBytes !== undefined && { diskBytes: quantityBytes(resources.diskBytes) }),
    reasons,
  };
}

/** Whether the stack keeps running when a pod, a node or a zone goes. */
export type Availability = "single" | "redundant";

/** Replicas for a load: at least the floor (1 where one of everything is asked for), else as many as the load needs. */
export function replicasFor(load: number, perReplica: number, floor: number, availability: Availability): number {
  const needed = Math.max(1, Math.ceil(load / perReplica));
  return availability === "single" ? needed : Math.max(floor, needed);
}
