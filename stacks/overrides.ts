import type { StackConfigInput } from "./schema.ts";

/** Any part of a value. Lists are whole. */
type Part<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Part<T[K]> } : T;

/**
 * Values that replace those of a stack file, by the same names. Objects are merged key by key; lists and single values are replaced.
 * @example { components: { mimir: { replicas: 3, nodeSelector: { pool: "metrics" } } }, workload: { activeSeries: "2M" } }
 */
export type StackOverrides = Part<Omit<StackConfigInput, "grafanaAdminPassword">>;

/** A configuration as written, with the values of a program in it. */
export function withOverrides(
  raw: Readonly<Record<string, unknown>>,
  overrides: StackOverrides,
): Readonly<Record<string, unknown>> {
  const { retention } = raw;
  // A profile's name is short for a mapping, into which overrides can be merged.
  const written = {
    ...raw,
    ...(typeof retention === "string" && isMapping(overrides.retention) && { retention: { profile: retention } }),
  };
  return merged(written, overrides) as Readonly<Record<string, unknown>>;
}

function merged(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isMapping(below)) return isMapping(above) ? merged({}, above) : above;
  // The options of a component stay when a program only turns it on.
  if (above === "on" || above === true) return { ...below, enabled: true };
  if (!isMapping(above)) return above;
  const keys = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  const entries = keys.map((key) => [key, merged(below[key], above[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
