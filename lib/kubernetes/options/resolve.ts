import type { ComponentOptions, PodOptions, WorkloadOptions } from "./types.ts";

/** A workload, as its options depend on it. */
export interface OptionTarget {
  /** Its name: a key of `workloads`. */
  readonly workload: string;
  /** Whether it is the component's main workload, whose options are the component's own. */
  readonly main: boolean;
  /** Whether its main container runs the component's main image. */
  readonly mainImage: boolean;
  /** Whether it runs on every node. */
  readonly everyNode: boolean;
}

/** Options that say where pods are scheduled. */
const placement = ["nodeSelector", "tolerations", "affinity"] as const satisfies (keyof PodOptions)[];

/**
 * The options of one workload: its own, then the component's, then the defaults. Maps are merged key by key; of anything
 * else the most specific counts. Amounts of a component are those of its main workload; its image and arguments
 * those of every workload that runs its main image.
 */
export function optionsOf(component: ComponentOptions, target: OptionTarget): WorkloadOptions {
  const { workloads = {}, defaults = {}, replicas, resources, disk, image, extraArgs, ...pods } = component;
  const shared = {
    ...pods,
    ...(target.main && defined({ replicas, resources, disk })),
    ...(target.mainImage && defined({ image, extraArgs })),
  };
  const inherited = target.everyNode && !target.main ? without(shared, placement) : shared;
  const general = target.everyNode ? without(defaults, placement) : defaults;
  return [inherited, workloads[target.workload] ?? {}].reduce<WorkloadOptions>(merged, general);
}

/** Two sets of options; the second one is the more specific. */
function merged(general: WorkloadOptions, specific: WorkloadOptions): WorkloadOptions {
  const maps = ["nodeSelector", "podLabels", "podAnnotations", "extraEnv"] as const;
  const annotations = { ...general.serviceAccount?.annotations, ...specific.serviceAccount?.annotations };
  return {
    ...general,
    ...specific,
    ...Object.fromEntries(
      maps.flatMap((key) => (general[key] || specific[key] ? [[key, { ...general[key], ...specific[key] }]] : [])),
    ),
    ...(Object.keys(annotations).length > 0 && { serviceAccount: { annotations } }),
  };
}

function without<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key as keyof T))) as T;
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>;
}
