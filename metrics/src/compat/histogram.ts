import type { HistogramHandle } from "../instruments/histogram.ts";
import { BaseMetric, isLabels, lazyObserver, type MetricConfiguration, requireFinite } from "./metric.ts";
import { secondsTimer } from "./timer.ts";
import type {
  CollectFunction,
  ExemplarValue,
  LabelValues,
  MetricValueWithName,
  ObserveDataWithExemplar,
} from "./types.ts";

export interface HistogramConfiguration<T extends string> extends MetricConfiguration<T> {
  buckets?: number[];
  collect?: CollectFunction<Histogram<T>>;
}

/** Bounds as the core takes them: numbers, ascending, each once. `+Inf` has its bucket anyway. */
function normalized(buckets: readonly unknown[]): number[] {
  const bounds = buckets.map((bound) => {
    const number = typeof bound === "string" && bound.trim() !== "" ? Number(bound) : bound;
    if (typeof number !== "number" || Number.isNaN(number)) throw new TypeError(`Invalid bucket: ${String(bound)}`);
    return number;
  });
  return [...new Set(bounds.filter(Number.isFinite))].sort((a, b) => a - b);
}

export class Histogram<T extends string = string> extends BaseMetric<T, HistogramHandle> {
  readonly type = "histogram";

  constructor(configuration: HistogramConfiguration<T>) {
    if (configuration?.labelNames?.includes("le" as T)) throw new Error("le is a reserved label keyword");
    const buckets = configuration?.buckets;
    super(configuration, { type: "histogram", ...(buckets ? { buckets: normalized(buckets) } : {}) });
  }

  observe(value: number): void;
  observe(labels: LabelValues<T>, value: number): void;
  observe(data: ObserveDataWithExemplar<T>): void;
  observe(first: LabelValues<T> | ObserveDataWithExemplar<T> | number, value?: number): void {
    if (this.enableExemplars && isLabels(first)) {
      const { labels = {}, value: observed, exemplarLabels } = first as ObserveDataWithExemplar<T>;
      this.#observe(labels, observed, exemplarLabels);
    } else if (isLabels(first)) this.#observe(first as LabelValues<T>, value);
    else this.#observe({}, first as number);
  }

  #observe(labels: LabelValues<T>, value: number | undefined, exemplarLabels?: LabelValues<string>): void {
    this.validateLabels(labels);
    requireFinite(value);
    const handle = this.handle(labels);
    handle.observe(value);
    if (exemplarLabels === undefined) return;
    const bucket = handle.bounds.findIndex((bound) => value <= bound);
    this.keepExemplar(handle, bucket < 0 ? handle.bounds.length : bucket, value, exemplarLabels);
  }

  /** Observes the seconds until the function it returns is called; labels may be given then, too. */
  startTimer(
    labels: LabelValues<T> = {},
    exemplarLabels?: LabelValues<string>,
  ): (labels?: LabelValues<T>, exemplarLabels?: LabelValues<string>) => number {
    return secondsTimer((seconds, endLabels?: LabelValues<T>, endExemplar?: LabelValues<string>) =>
      this.#observe({ ...labels, ...endLabels }, seconds, { ...exemplarLabels, ...endExemplar }),
    );
  }

  /** Forgets what was recorded, an unlabelled series too: it is there again with its next observation. */
  override reset(): void {
    this.instrument.removeAll();
  }

  /** Starts a label set's series at zero. */
  zero(labels: LabelValues<T>): void {
    this.remove(labels);
    this.handle(labels);
  }

  /** The series of a label set, to keep. */
  labels(...values: string[]): Histogram.Internal<T>;
  labels(labels: LabelValues<T>): Histogram.Internal<T>;
  labels(...given: (string | LabelValues<T>)[]): Histogram.Internal<T> {
    const labels = this.toLabels(given);
    this.validateLabels(labels);
    return {
      observe: lazyObserver(() => this.handle(labels)),
      startTimer: () => this.startTimer(labels),
    };
  }

  protected toValues(
    cells: Float64Array,
    labels: LabelValues<string>,
    exemplars: readonly (ExemplarValue | undefined)[],
  ): MetricValueWithName[] {
    const { buckets } = this.instrument.definition;
    const of = (cell: number) => (this.enableExemplars ? (exemplars[cell] ?? null) : null);
    const line = (le: number | string, cell: number): MetricValueWithName => ({
      value: cells[cell]!,
      labels: { le, ...labels },
      metricName: `${this.name}_bucket`,
      exemplar: of(cell),
    });
    return [
      ...buckets.map((bound, i) => line(bound, i)),
      line("+Inf", buckets.length),
      { value: cells[buckets.length + 1]!, labels, metricName: `${this.name}_sum`, exemplar: undefined },
      { value: cells[buckets.length]!, labels, metricName: `${this.name}_count`, exemplar: undefined },
    ];
  }
}

export declare namespace Histogram {
  interface Internal<T extends string> {
    observe(value: number): void;
    startTimer(): (labels?: LabelValues<T>) => void;
  }

  interface Config {
    buckets?: number[];
  }
}
