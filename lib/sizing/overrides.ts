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

/** Applies an override to a computed size; each replaced value says so in its reason. */
export function withOverride(computed: WorkloadSize, override: SizeOverride | undefined): WorkloadSize {
  if (!override) return computed;
  const { minReplicas = 0, ...set } = override;
  const replicas = Math.max(set.replicas ?? computed.replicas, minReplicas);
  const reasons = Object.fromEntries(Object.keys(set).map((key) => [key, "set explicitly"]));
  if (minReplicas > (set.replicas ?? computed.replicas))
    reasons.replicas = `minReplicas, above the computed ${computed.replicas}`;
  const { reasons: computedReasons, ...resources } = computed;
  return sized({ ...resources, ...set, replicas }, { ...computedReasons, ...reasons });
}
