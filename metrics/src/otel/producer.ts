import { type Attributes, ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { Definition } from "../definition/definition.ts";
import type { Arena } from "../memory/arena.ts";
import { cellCount, readCells } from "../read/cells.ts";
import { readExponential } from "../read/exponential.ts";
import type { Family } from "../read/family.ts";
import type { Series } from "../read/series.ts";
import type { Registry } from "../registry/registry.ts";
import { Deltas } from "./deltas.ts";

export type Temporality = "cumulative" | "delta";

type HrTime = DataPoint<number>["startTime"];
type Points<T> = DataPoint<T>[];

const toHrTime = (milliseconds: number): HrTime => {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
};

/** UCUM codes of the units that metric names end in: https://opentelemetry.io/docs/specs/semconv/general/metrics/#instrument-units */
const UCUM: Readonly<Record<string, string>> = { seconds: "s", bytes: "By", ratio: "1", ms: "ms" };

/**
 * Gives a registry's metrics to OpenTelemetry's SDK as its own: for a reader's `metricProducers`. Names are the registry's; units
 * become UCUM. A summary, which the SDK has no type for, becomes a gauge with a `quantile` attribute, and two sums.
 */
export class RegistryProducer implements MetricProducer {
  readonly #registry: Registry;
  readonly #temporality: Temporality;
  readonly #deltas = new Deltas();
  #lastCollection: number;

  constructor(registry: Registry, temporality: Temporality = "cumulative") {
    this.#registry = registry;
    this.#temporality = temporality;
    this.#lastCollection = registry.now();
  }

  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = [];
    await this.#registry.collect().catch((error: unknown) => errors.push(error));
    const now = this.#registry.now();
    const metrics = this.#registry.read(({ families, arena }) => {
      this.#deltas.begin();
      return families
        .filter((family) => family.series.length > 0)
        .flatMap((family) => this.#convert(arena, family, now));
    });
    this.#deltas.commit();
    this.#lastCollection = now;
    const scope = { name: "@skopos/metrics" };
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] }, errors };
  }

  #convert(arena: Arena, family: Family, now: number): MetricData[] {
    const { definition } = family;
    const stride = cellCount(definition);
    const cells = family.series.map((series) => {
      const out = new Float64Array(stride);
      readCells(arena, definition, series, now, out, 0);
      return out;
    });
    const point = <T>(i: number, value: T, extra: Attributes = {}, counted = true): DataPoint<T> => {
      const series = family.series[i]!;
      const own = Object.fromEntries(family.labels.map((label, n) => [label, series.values[n]!]));
      return {
        startTime: this.#startOf(series, counted),
        endTime: toHrTime(now),
        attributes: { ...own, ...extra },
        value,
      };
    };
    const each = <T>(make: (series: Series, i: number) => DataPoint<T> | DataPoint<T>[]): Points<T> =>
      family.series.flatMap(make);
    switch (definition.type) {
      case "counter":
        return [
          sum(
            definition,
            "",
            each((series, i) => point(i, this.#since(series, "value", cells[i]!)[0]!)),
            this.#aggregation,
            true,
          ),
        ];
      case "histogram":
        return [
          this.#histogram(
            definition,
            each((series, i) => point(i, this.#classic(definition, series, cells[i]!))),
          ),
        ];
      case "exponential_histogram":
        return [
          {
            ...this.#base(definition, DataPointType.EXPONENTIAL_HISTOGRAM),
            dataPoints: each((series, i) => {
              const value = readExponential(arena, definition, series.sources);
              return point(
                i,
                otlpBuckets(this.#temporality === "delta" ? this.#deltas.exponential(series, value) : value),
              );
            }),
          },
        ];
      case "summary": {
        const { quantiles } = definition;
        const counted = (suffix: string, cell: number) =>
          each((series, i) => point(i, this.#since(series, suffix, cells[i]!.subarray(cell, cell + 1))[0]!));
        return [
          gauge(
            definition,
            each((_, i) => quantiles.map((q, n) => point(i, cells[i]![n]!, { quantile: String(q) }, false))),
          ),
          sum(definition, "_sum", counted("_sum", quantiles.length), this.#aggregation, false),
          sum(definition, "_count", counted("_count", quantiles.length + 1), this.#aggregation, true),
        ];
      }
      case "stateset":
        return [
          gauge(
            definition,
            each((_, i) =>
              definition.states.map((state, n) => point(i, cells[i]![n]!, { [definition.name]: state }, false)),
            ),
          ),
        ];
      default:
        return [
          gauge(
            definition,
            each((_, i) => point(i, cells[i]![0]!, {}, false)),
          ),
        ];
    }
  }

  get #aggregation(): AggregationTemporality {
    return this.#temporality === "delta" ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;
  }

  /** A delta covers the time since the collection before; everything else, since the series was made. */
  #startOf(series: Series, counted: boolean): HrTime {
    const isDelta = counted && this.#temporality === "delta";
    return toHrTime(isDelta ? Math.max(series.created, this.#lastCollection) : series.created);
  }

  /** Numbers that only grow: as they are, or what they grew by. */
  #since(series: Series, what: string, values: Float64Array): Float64Array {
    return this.#temporality === "delta" ? this.#deltas.of(series, what, values) : values;
  }

  #classic({ buckets }: Definition, series: Series, cells: Float64Array) {
    const values = this.#since(series, "value", cells);
    const count = values[buckets.length]!;
    const counts = Array.from({ length: buckets.length + 1 }, (_, i) => values[i]! - (i === 0 ? 0 : values[i - 1]!));
    return { buckets: { boundaries: [...buckets], counts }, sum: values[buckets.length + 1]!, count };
  }

  #histogram(
    definition: Definition,
    dataPoints: Extract<MetricData, { dataPointType: DataPointType.HISTOGRAM }>["dataPoints"],
  ): MetricData {
    return { ...this.#base(definition, DataPointType.HISTOGRAM), dataPoints };
  }

  #base<T extends DataPointType>(definition: Definition, dataPointType: T) {
    return { descriptor: descriptor(definition, ""), aggregationTemporality: this.#aggregation, dataPointType };
  }
}

const descriptor = ({ name, help, unit }: Definition, suffix: string) => ({
  name: `${name}${suffix}`,
  description: help,
  unit: suffix === "_count" ? "1" : (UCUM[unit] ?? unit),
  valueType: ValueType.DOUBLE,
});

const gauge = (definition: Definition, dataPoints: Points<number>): MetricData => ({
  descriptor: descriptor(definition, ""),
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
  dataPointType: DataPointType.GAUGE,
  dataPoints,
});

const sum = (
  definition: Definition,
  suffix: string,
  dataPoints: Points<number>,
  aggregationTemporality: AggregationTemporality,
  isMonotonic: boolean,
): MetricData => ({
  descriptor: descriptor(definition, suffix),
  aggregationTemporality,
  dataPointType: DataPointType.SUM,
  isMonotonic,
  dataPoints,
});

/** OTLP counts buckets from (1, base], Prometheus from (1/base, 1]: its index is one lower. */
function otlpBuckets(value: ReturnType<typeof readExponential>) {
  const side = ({ offset, counts }: typeof value.positive) => ({ offset: offset - 1, bucketCounts: [...counts] });
  return {
    count: value.count,
    sum: value.sum,
    scale: value.schema,
    zeroCount: value.zeroCount,
    positive: side(value.positive),
    negative: side(value.negative),
  };
}
