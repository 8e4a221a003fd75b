import { Registry } from "../registry/registry.ts";

/**
 * All compat metrics record into one registry, under keys of their own: prom-client lets one name stand in several registries, and
 * one metric in several too. It has no limits, so these are far away.
 */
export const core: Registry = new Registry({
  naming: "utf8",
  forbiddenLabels: [],
  maxSeries: 1_000_000,
  maxLabels: 1000,
  ownMetrics: false,
});

/** Separates a metric's name from its number; no valid name holds it. */
const NUMBER_MARK = "\u0001";
let made = 0;

/** A key for one more metric of a name. */
export const newKey = (name: string): string => `${name}${NUMBER_MARK}${made++}`;
