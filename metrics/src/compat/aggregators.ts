import { inspect } from "node:util";
import type { Aggregator, MetricObjectWithValues, MetricValueWithName } from "./types.ts";

type Aggregated = MetricObjectWithValues<MetricValueWithName>;

/** Takes the same metric of several processes; undefined leaves it out. */
export type AggregatorFunction = (metrics: readonly Aggregated[]) => Aggregated | undefined;

/** An aggregator that makes one number of the values of equal labels. */
export function AggregatorFactory(combine: (values: readonly MetricValueWithName[]) => number): AggregatorFunction {
  return (metrics) => {
    const [first] = metrics;
    if (first === undefined) return undefined;
    const groups = new Map<string, MetricValueWithName[]>();
    for (const value of metrics.flatMap((metric) => metric.values)) {
      const sorted = Object.entries(value.labels).sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify([value.metricName, sorted]);
      const group = groups.get(key);
      if (group) group.push(value);
      else groups.set(key, [value]);
    }
    const { help, name, type, aggregator } = first;
    const values = [...groups.values()].map((group) => {
      const { labels, metricName } = group[0]!;
      return { value: combine(group), labels, ...(metricName === undefined ? {} : { metricName }) };
    });
    return { help, name, type, values, aggregator };
  };
}

const add = (values: readonly MetricValueWithName[]): number => values.reduce((sum, { value }) => sum + value, 0);

export const aggregators: Readonly<Record<Aggregator, AggregatorFunction>> = {
  sum: AggregatorFactory(add),
  first: AggregatorFactory((values) => values[0]!.value),
  min: AggregatorFactory((values) => values.reduce((least, { value }) => Math.min(least, value), Infinity)),
  max: AggregatorFactory((values) => values.reduce((most, { value }) => Math.max(most, value), -Infinity)),
  average: AggregatorFactory((values) => add(values) / values.length),
  omit: () => undefined,
};

/** The aggregator of a name. @throws Error when there is none */
export function aggregatorNamed(name: string): AggregatorFunction {
  if (!Object.hasOwn(aggregators, name)) throw new Error(`${inspect(name)} is not a defined aggregator.`);
  return aggregators[name as Aggregator];
}
