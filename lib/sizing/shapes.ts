import { between, byteCount, oneOf, type ShapeOf, secondCount, whole } from "../formats/index.ts";
import type { SizeOverride, SizeOverrides } from "./overrides.ts";
import type { Retention } from "./retention.ts";

/** Shape of {@link Retention}. */
export const retentionShape: ShapeOf<Retention> = {
  prometheus: secondCount,
  mimir: secondCount,
  aggregates: secondCount,
  loki: secondCount,
  traces: secondCount,
  archive: secondCount,
};

/** Shape of the resources of one pod, where the number of pods has its own prop. */
export const podSizeShape = {
  cpuCores: between(0.001, 1024),
  memoryBytes: byteCount,
  memoryLimitBytes: byteCount,
  cpuLimitCores: between(0.001, 1024),
  diskBytes: byteCount,
} as const satisfies ShapeOf<Omit<SizeOverride, "replicas" | "minReplicas">>;

/** Shape of a {@link SizeOverride}. */
export const sizeShape = {
  ...podSizeShape,
  replicas: whole(0, 10_000),
  minReplicas: whole(0, 10_000),
} as const satisfies ShapeOf<SizeOverride>;

/** Shape of {@link SizeOverrides} of the named workloads. */
export function overridesShape<Name extends string>(names: Readonly<Record<Name, true>>) {
  const keys = Object.keys(names) as Name[];
  return Object.fromEntries(keys.map((name) => [name, sizeShape])) as ShapeOf<SizeOverrides<Name>> & object;
}

/** Shape of an availability. */
export const availabilityShape = oneOf("redundant", "single");
