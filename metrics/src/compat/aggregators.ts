import type { MetricObject, MetricValue } from "./metric.ts";

/** How the values of several processes become one. */
export type Aggregator = "sum" | "first" | "min" | "max" | "average" | "omit";

/** Takes the same metric of several processes; undefined leaves it out. */
export type AggregatorFunction = (metrics: readonly MetricObject[]) => MetricObject | undefined;

/** An aggregator that makes one number of the values of equal labels. */
export function AggregatorFactory(combine: (values: readonly number[]) => number): AggregatorFunction {
  return (metrics) => {
    const [first] = metrics;
    if (first === undefined) return undefined;
    const groups = new Map<string, MetricValue[]>();
    for (const value of metrics.flatMap((metric) => metric.values)) {
      const sorted = Object.entries(value.labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify([value.metricName, sorted]);
      const group = groups.get(key);
      if (group) group.push(value);
      else groups.set(key, [value]);
    }
    const values = [...groups.values()].map((group) => ({
      ...group[0]!,
      value: combine(group.map(({ value }) => value)),
    }));
    return { ...first, values };
  };
}

const add = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export const aggregators: Readonly<Record<Aggregator, AggregatorFunction>> = {
  sum: AggregatorFactory(add),
  first: AggregatorFactory((values) => values[0]!),
  min: AggregatorFactory((values) => Math.min(...values)),
  max: AggregatorFactory((values) => Math.max(...values)),
  average: AggregatorFactory((values) => add(values) / values.length),
  omit: () => undefined,
};
