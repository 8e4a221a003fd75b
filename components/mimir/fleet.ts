import { type Reasons, type Resources, sized, type WorkloadSize } from "../../lib/sizing/index.ts";

/** What one pod asks for. */
export type PodSize = Omit<Resources, "replicas" | "memoryLimitBytes">;

/** One replica of a part: how much it takes on, and what it asks for. */
export interface Shape {
  /** At its full load: another replica is better from here on. Must lie on the grid that manifests round to. */
  readonly full: PodSize;
  /** The least it asks for, however little it has to do. */
  readonly least: PodSize;
}

export interface FleetOptions {
  /** Replicas there are at least. */
  readonly floor: number;
  /** Replicas come in multiples of this: one a zone. @default 1 */
  readonly multiple?: number;
}

/**
 * As many replicas as a load needs, each asking for its share of it. The totals never fall when the load grows: where a
 * replica is added, those before it were full. Disks alone may fall by a step ({@link diskStep}) then.
 *
 * @param load in full replicas
 */
export function fleet(load: number, shape: Shape, options: FleetOptions, reasons: Reasons<Resources>): WorkloadSize {
  const { floor, multiple = 1 } = options;
  const replicas = Math.ceil(Math.max(floor, load) / multiple) * multiple;
  return sized({ replicas, ...podSize(load / replicas, shape) }, reasons);
}

/** What a pod asks for that carries a share of a full replica's load. */
export function podSize(share: number, { full, least }: Shape): PodSize {
  const disk = full.diskBytes === undefined ? undefined : Math.max(least.diskBytes ?? 0, full.diskBytes * share);
  return {
    cpuCores: Math.max(least.cpuCores, full.cpuCores * share),
    memoryBytes: Math.max(least.memoryBytes, full.memoryBytes * share),
    ...(disk !== undefined && { diskBytes: disk }),
  };
}
