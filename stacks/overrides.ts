import type { StackConfigInput } from "./schema.ts";

/** Any part of a value. Lists are whole. */
type Part<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [K in keyof T]?: Part<T[K]> } : T;

/**
 * Values that replace those of a stack file, by the same names. Objects are merged key by key; lists and single values are replaced,
 * and so are objects of another `kind`. A component that the file turns off stays off until it is turned on by name.
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
  // A component that is off stays off when a program only sets its options.
  if ((below === "off" || below === false) && isMapping(above)) return merged({ enabled: false }, above);
  if (!isMapping(below)) return isMapping(above) ? merged({}, above) : above;
  // The options of a component stay when a program only turns it on.
  if (above === "on" || above === true) return { ...below, enabled: true };
  if (!isMapping(above) || isOfAnotherKind(below, above)) return above;
  const keys = [...new Set([...Object.keys(below), ...Object.keys(above)])];
  const entries = keys.map((key) => [key, merged(below[key], above[key])] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Whether the options of one belong to another kind than those of the other. */
function isOfAnotherKind(below: Readonly<Record<string, unknown>>, above: Readonly<Record<string, unknown>>): boolean {
  return above.kind !== undefined && below.kind !== undefined && above.kind !== below.kind;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
