import { escapeName } from "../exposition/names.ts";
import type { Definition } from "./definition.ts";

/** {@link sampleNames}, also as they are written where names are escaped: names that a second metric must not have. */
export function takenNames(definition: Pick<Definition, "name" | "type">): Set<string> {
  const names = sampleNames(definition);
  return new Set([...names, ...names.map((name) => escapeName(name, "underscores"))]);
}

/**
 * Every series name that a metric is exposed under in any format: two metrics that share one cannot both be scraped.
 * OpenMetrics takes `_total` off a counter's family name and adds `_created`.
 */
export function sampleNames({ name, type }: Pick<Definition, "name" | "type">): string[] {
  switch (type) {
    case "counter": {
      const family = name.endsWith("_total") ? name.slice(0, -"_total".length) : name;
      return [`${family}_total`, `${family}_created`, ...(family === name ? [name] : [])];
    }
    case "histogram":
    case "exponential_histogram":
      return [name, `${name}_bucket`, `${name}_count`, `${name}_sum`, `${name}_created`];
    case "summary":
      return [name, `${name}_count`, `${name}_sum`, `${name}_created`];
    default:
      return [name];
  }
}
