import { type expectedOfMimir, type Format, formatPlace, mistakeIn } from "../formats/index.ts";
import { type Finding, wrongFormat } from "../sizing/index.ts";
import type { Endpoint } from "./network.ts";

/** Namespaces whose metrics and logs belong to a tenant of their own, by tenant. */
export type TenantNamespaces = Readonly<Record<string, readonly string[]>>;

/** An endpoint of Mimir or Loki for another tenant; for several, it only answers queries. */
export function forTenants(endpoint: Endpoint, tenants: readonly string[]): Endpoint {
  return { ...endpoint, headers: { ...endpoint.headers, "X-Scope-OrgID": tenants.join("|") } };
}

/**
 * Finds limits of tenants whose values have another type than the program reads. Names that are no limits are found by the shape.
 * @param limit names of the program's limits
 * @param expected what the value of a limit would have to be; undefined if it is
 */
export function validateTenantLimits(
  tenants: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  limit: Format,
  expected: typeof expectedOfMimir,
): readonly Finding[] {
  return Object.entries(tenants).flatMap(([tenant, limits]) =>
    Object.entries(limits).flatMap(([name, value]) => {
      const format = mistakeIn(limit, name) === undefined ? expected(name, value) : undefined;
      if (format === undefined) return [];
      const found = typeof value === "number" ? String(value) : JSON.stringify(value);
      return [wrongFormat(formatPlace(["tenants", tenant, name]), found, format.name, wrongLimit, format.examples[0])];
    }),
  );
}

/** Why the value of a limit must have its type. */
export const wrongLimit = "the program would reject all of its limits, or ignore this one";
