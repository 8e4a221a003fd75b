import { seriesLimit } from "../components/mimir/index.ts";
import { cardinalityClasses } from "../lib/kubernetes/index.ts";
import type { Workload } from "../lib/sizing/index.ts";

/** How many series a kind of thing brings, and what keeps it from bringing more. */
export interface CardinalityTier {
  readonly tier: "node" | "service" | "pod" | "container" | "application" | "custom";
  readonly objects: number;
  readonly seriesPerObject: number;
  readonly series: number;
  /** The limit that holds it, and its value. */
  readonly limit: { readonly name: string; readonly value: number };
}

/** Pods behind one Service, and containers in one pod: what typical clusters have. */
const podsPerService = 6;
const containersPerPod = 1.3;

/**
 * Series of one object. The figures are those at which a cluster of 20 nodes and 600 pods has the tiers of the data-flow
 * description: node about 100, service 500, pod 5 k, container 10 k, application 100 k series.
 */
const seriesPerObject = { node: 5, service: 5, pod: 8.3, container: 12.8, application: 167 } as const;

/** The tiers of a workload's series. What the known things do not explain is custom. */
export function cardinalityTiers(workload: Workload): readonly CardinalityTier[] {
  const { nodes, pods, activeSeries } = workload;
  const objects = {
    node: nodes,
    service: Math.ceil(pods / podsPerService),
    pod: pods,
    container: Math.ceil(pods * containersPerPod),
    application: pods,
  };
  const scrape = (name: keyof typeof cardinalityClasses) => ({
    name: `sampleLimit of a target of class ${name}`,
    value: cardinalityClasses[name].sampleLimit,
  });
  const limits = {
    node: scrape("infrastructure"),
    service: scrape("cluster"),
    pod: scrape("cluster"),
    container: scrape("cluster"),
    application: scrape("application"),
  };
  const known = (["node", "service", "pod", "container", "application"] as const).map((tier) => ({
    tier,
    objects: objects[tier],
    seriesPerObject: seriesPerObject[tier],
    series: Math.ceil(objects[tier] * seriesPerObject[tier]),
    limit: limits[tier],
  }));
  const custom = Math.max(0, activeSeries - known.reduce((sum, { series }) => sum + series, 0));
  const tenant = { name: "max_global_series_per_user of the tenant", value: seriesLimit(activeSeries) };
  return [...known, { tier: "custom", objects: 1, seriesPerObject: custom, series: custom, limit: tenant }];
}
