import { quantityBytes } from "./units.ts";
import { type Resources, sized, type WorkloadSize } from "./workload-size.ts";

/** Values that replace the computed ones for one workload; fields that are left out stay computed. */
export interface SizeOverride extends Partial<Resources> {
  /**
   * Lower bound for `replicas`: keeps a ring at its size when the computed number falls.
   * @default none
   */
  readonly minReplicas?: number;
}

/** Overrides by workload name. */
export type SizeOverrides<Name extends string> = { readonly [K in Name]?: SizeOverride };

/**
 * Applies an override to a computed size: each replaced value says so in its reason, and the size remembers what was
 * computed. A memory request above the computed limit raises the limit; a volume gets exactly the size that was asked for.
 */
export function withOverride(computed: WorkloadSize, override: SizeOverride | undefined): WorkloadSize {
  if (!override || Object.values(override).every((value) => value === undefined)) return computed;
  const { minReplicas = 0, ...set } = override;
  const replicas = Math.max(set.replicas ?? computed.replicas, minReplicas);
  const { reasons: computedReasons, computed: _, ...resources } = computed;
  const keys = (Object.keys(set) as (keyof Resources)[]).filter((key) => set[key] !== undefined);
  const reasons = Object.fromEntries(keys.map((key) => [key, "set explicitly"]));
  if (minReplicas > (set.replicas ?? computed.replicas))
    reasons.replicas = `minReplicas, above the computed ${computed.replicas}`;
  const { memoryBytes, memoryLimitBytes } = { ...resources, ...set };
  const outgrown = set.memoryLimitBytes === undefined && memoryLimitBytes !== undefined;
  const size = sized(
    {
      ...resources,
      ...set,
      ...(outgrown && { memoryLimitBytes: Math.max(memoryBytes, memoryLimitBytes) }),
      replicas,
    },
    { ...computedReasons, ...reasons },
  );
  const replaced = Object.fromEntries(keys.map((key) => [key, resources[key]]));
  return {
    ...size,
    ...(set.diskBytes !== undefined && { diskBytes: quantityBytes(set.diskBytes) }),
    reasons: { ...size.reasons, ...(set.diskBytes !== undefined && { diskBytes: "set explicitly" }) },
    ...(keys.length > 0 && { computed: replaced }),
  };
}

/** Both overrides of each workload; where both set a value, the second one's counts. */
export function mergeOverrides<Name extends string>(
  first: SizeOverrides<Name> | undefined,
  second: SizeOverrides<Name>,
): SizeOverrides<Name> {
  const names = Object.keys({ ...first, ...second }) as Name[];
  return Object.fromEntries(names.map((name) => [name, { ...first?.[name], ...second[name] }])) as SizeOverrides<Name>;
}
