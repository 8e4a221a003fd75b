import type { SummaryHandle } from "../instruments/summary.ts";
import { readPoints } from "../read/digest.ts";
import { core } from "./core.ts";
import { BaseMetric, isLabels, lazyObserver, type MetricConfiguration, requireFinite } from "./metric.ts";
import { secondsTimer } from "./timer.ts";
import type { CollectFunction, LabelValues, MetricObjectWithValues, MetricValueWithName } from "./types.ts";

export interface SummaryConfiguration<T extends string> extends MetricConfiguration<T> {
  percentiles?: number[];
  maxAgeSeconds?: number;
  ageBuckets?: number;
  /** Drops label sets that nothing was observed of within the window. */
  pruneAgedBuckets?: boolean;
  /** Accepted: the digest compresses by itself. */
  compressCount?: number;
  collect?: CollectFunction<Summary<T>>;
}

const DEFAULT_PERCENTILES = [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999];

export class Summary<T extends string = string> extends BaseMetric<T, SummaryHandle> {
  readonly type = "summary";
  readonly #prunes: boolean;

  constructor(configuration: SummaryConfiguration<T>) {
    if (configuration?.labelNames?.includes("quantile" as T)) throw new Error("quantile is a reserved label keyword");
    const {
      percentiles = DEFAULT_PERCENTILES,
      maxAgeSeconds,
      ageBuckets,
      pruneAgedBuckets = false,
    } = configuration ?? {};
    const window = maxAgeSeconds && ageBuckets ? { maxAgeSeconds, ageBuckets } : {};
    super(configuration, { type: "summary", quantiles: percentiles, ...window });
    this.#prunes = pruneAgedBuckets;
  }

  observe(value: number): void;
  observe(labels: LabelValues<T>, value: number): void;
  observe(first: LabelValues<T> | number, value?: number): void {
    const labels = isLabels(first) ? (first as LabelValues<T>) : {};
    const observed = isLabels(first) ? value : first;
    this.validateLabels(labels);
    requireFinite(observed);
    this.handle(labels).observe(observed);
  }

  /** Observes the seconds until the function it returns is called; labels may be given then, too. */
  startTimer(labels: LabelValues<T> = {}): (labels?: LabelValues<T>) => number {
    return secondsTimer((seconds, endLabels?: LabelValues<T>) => this.observe({ ...labels, ...endLabels }, seconds));
  }

  /** Starts every label set again at zero. */
  override reset(): void {
    const known = [...this.instrument.handles()].map(({ values }) => values);
    super.reset();
    for (const values of known) this.instrument.handleFor(values);
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<T>>> {
    this.prune();
    return super.get();
  }

  /** Drops what has aged out of the window. @internal */
  prune(): void {
    if (!this.#prunes) return;
    const { instrument } = this;
    const { definition } = instrument;
    for (const handle of [...instrument.handles()]) {
      const { points } = readPoints(core.arena, definition, [handle], core.now());
      if (points.length === 0) instrument.removeValues(handle.values);
    }
  }

  /** The series of a label set, to keep. */
  labels(...values: string[]): Summary.Internal<T>;
  labels(labels: LabelValues<T>): Summary.Internal<T>;
  labels(...given: (string | LabelValues<T>)[]): Summary.Internal<T> {
    const labels = this.toLabels(given);
    this.validateLabels(labels);
    return {
      observe: lazyObserver(() => this.handle(labels)),
      startTimer: () => this.startTimer(labels),
    };
  }

  protected toValues(cells: Float64Array, labels: LabelValues<string>): MetricValueWithName[] {
    const { quantiles } = this.instrument.definition;
    return [
      // prom-client says 0 of a quantile of nothing.
      ...quantiles.map((quantile, i) => ({ labels: { quantile, ...labels }, value: cells[i]! || 0 })),
      { metricName: `${this.name}_sum`, labels, value: cells[quantiles.length]! },
      { metricName: `${this.name}_count`, labels, value: cells[quantiles.length + 1]! },
    ];
  }
}

export declare namespace Summary {
  interface Internal<T extends string> {
    observe(value: number): void;
    startTimer(): (labels?: LabelValues<T>) => number;
  }

  interface Config {
    percentiles?: number[];
  }
}
