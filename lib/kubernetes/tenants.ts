import type { Endpoint } from "./network.ts";

/** Namespaces whose metrics and logs belong to a tenant of their own, by tenant. */
export type TenantNamespaces = Readonly<Record<string, readonly string[]>>;

/** An endpoint of Mimir or Loki for another tenant; for several, it only answers queries. */
export function forTenants(endpoint: Endpoint, tenants: readonly string[]): Endpoint {
  return { ...endpoint, headers: { ...endpoint.headers, "X-Scope-OrgID": tenants.join("|") } };
}
