import { quotedPattern } from "../../../lib/formats/index.ts";
import type { LokiSizing } from "../sizing.ts";

/** Limits of tenants, under Loki's own names. */
export type TenantLimits = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const setting = "max_global_streams_per_user";

/**
 * PromQL: the share of its stream limit that each tenant uses. Tenants without a limit have no series.
 * @param own matchers of the ingesters' series
 * @param by labels of the result
 */
export function streamLimitUsed(own: string, by: string, sizing: LokiSizing, tenants: TenantLimits): string {
  const { limits, replicationFactor } = sizing;
  const limited = Object.entries(tenants).flatMap(([tenant, { [setting]: limit }]) =>
    limit === undefined ? [] : [[tenant, Number(limit)] as const],
  );
  const used = (limit: number, matcher = "") =>
    `sum by (${by}) (loki_ingester_memory_streams{${own}${matcher}}) / ${limit * replicationFactor}`;
  const others = limited.map(([tenant]) => quotedPattern(tenant)).join("|");
  return [
    used(limits.maxStreams, others && `,tenant!~"${others}"`),
    // Zero turns the limit off.
    ...limited.filter(([, limit]) => limit > 0).map(([tenant, limit]) => used(limit, `,tenant="${tenant}"`)),
  ].join(" or ");
}
