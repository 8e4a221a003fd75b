import type { Handle } from "../instruments/handle.ts";
import type { HistogramHandle, Observer } from "../instruments/histogram.ts";
import type { SummaryHandle } from "../instruments/summary.ts";
import type { ExemplarLabels } from "../registry/recorder.ts";
import { type LabelValues, Metric, type MetricConfiguration, type MetricValue, requireNumber } from "./metric.ts";

/** `observe` of a metric with exemplars. */
export interface ObserveData<T extends string> {
  readonly labels?: LabelValues<T>;
  readonly value: number;
  readonly exemplarLabels?: ExemplarLabels;
}

export interface HistogramConfiguration<T extends string = string> extends MetricConfiguration<T> {
  readonly buckets?: readonly number[];
}

export interface SummaryConfiguration<T extends string = string> extends MetricConfiguration<T> {
  readonly percentiles?: readonly number[];
  readonly maxAgeSeconds?: number;
  readonly ageBuckets?: number;
  /** Accepted: a summary without observations says NaN here, which Prometheus ignores in queries. */
  readonly pruneAgedBuckets?: boolean;
  /** Accepted: the digest compresses by itself. */
  readonly compressCount?: number;
}

class Child {
  readonly #handle: Observer;

  constructor(handle: Observer) {
    this.#handle = handle;
  }

  observe(value: number): void {
    requireNumber(value);
    this.#handle.observe(value);
  }

  startTimer(): () => number {
    const start = performance.now();
    return () => {
      const seconds = (performance.now() - start) / 1000;
      this.observe(seconds);
      return seconds;
    };
  }
}

/** What histograms and summaries share. */
abstract class ObservingMetric<T extends string, H extends Handle & Observer> extends Metric<T, H> {
  labels(...labels: (string | number)[] | [LabelValues<T>]): Child {
    return new Child(this.handle(labels));
  }

  observe(labels: LabelValues<T>, value: number): void;
  observe(value: number | ObserveData<T>): void;
  observe(first: LabelValues<T> | ObserveData<T> | number, value?: number): void {
    if (typeof first === "object" && this.instrument.definition.exemplars) {
      const { labels = {} as LabelValues<T>, value: observed, exemplarLabels } = first as ObserveData<T>;
      requireNumber(observed);
      this.handle([labels]).observe(observed, exemplarLabels);
      return;
    }
    const isObject = typeof first === "object";
    const observed = isObject ? value : first;
    requireNumber(observed);
    this.handle([isObject ? (first as LabelValues<T>) : ({} as LabelValues<T>)]).observe(observed);
  }

  /** Observes the seconds until the function it returns is called; labels may be given then, too. */
  startTimer(
    labels: LabelValues<T> = {},
    exemplarLabels?: ExemplarLabels,
  ): (endLabels?: LabelValues<T>, endExemplar?: ExemplarLabels) => number {
    const start = performance.now();
    return (endLabels = {}, endExemplar = exemplarLabels) => {
      const seconds = (performance.now() - start) / 1000;
      this.handle([{ ...labels, ...endLabels }]).observe(seconds, endExemplar);
      return seconds;
    };
  }
}

export class Histogram<T extends string = string> extends ObservingMetric<T, HistogramHandle> {
  constructor(config: HistogramConfiguration<T>) {
    const { buckets } = config;
    super(config, { type: "histogram", ...(buckets ? { buckets } : {}) });
  }

  /** Makes a label set's series before anything is observed. */
  zero(labels: LabelValues<T>): void {
    this.handle([labels]);
  }

  protected toValues(cells: Float64Array, labels: Record<string, string>): MetricValue[] {
    const { buckets } = this.instrument.definition;
    const values: MetricValue[] = buckets.map((le, i) => ({
      value: cells[i]!,
      labels: { le, ...labels },
      metricName: `${this.name}_bucket`,
    }));
    const count = cells[buckets.length]!;
    values.push({ value: count, labels: { le: "+Inf", ...labels }, metricName: `${this.name}_bucket` });
    values.push({ value: cells[buckets.length + 1]!, labels, metricName: `${this.name}_sum` });
    values.push({ value: count, labels, metricName: `${this.name}_count` });
    return values;
  }
}

const DEFAULT_PERCENTILES = [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999];

export class Summary<T extends string = string> extends ObservingMetric<T, SummaryHandle> {
  constructor(config: SummaryConfiguration<T>) {
    const { percentiles = DEFAULT_PERCENTILES, maxAgeSeconds, ageBuckets } = config;
    const window = maxAgeSeconds && ageBuckets ? { maxAgeSeconds, ageBuckets } : {};
    super(config, { type: "summary", quantiles: percentiles, ...window });
  }

  protected toValues(cells: Float64Array, labels: Record<string, string>): MetricValue[] {
    const { quantiles } = this.instrument.definition;
    const values: MetricValue[] = quantiles.map((quantile, i) => ({
      value: cells[i]!,
      labels: { quantile, ...labels },
    }));
    values.push({ value: cells[quantiles.length]!, labels, metricName: `${this.name}_sum` });
    values.push({ value: cells[quantiles.length + 1]!, labels, metricName: `${this.name}_count` });
    return values;
  }
}
