import type { CounterHandle } from "../instruments/counter.ts";
import { BaseMetric, isLabels, type MetricConfiguration, requireFinite } from "./metric.ts";
import type {
  CollectFunction,
  ExemplarValue,
  IncreaseDataWithExemplar,
  LabelValues,
  MetricValueWithName,
} from "./types.ts";

export interface CounterConfiguration<T extends string> extends MetricConfiguration<T> {
  collect?: CollectFunction<Counter<T>>;
}

export class Counter<T extends string = string> extends BaseMetric<T, CounterHandle> {
  readonly type = "counter";

  constructor(configuration: CounterConfiguration<T>) {
    super(configuration, { type: "counter" });
  }

  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  inc(data: IncreaseDataWithExemplar<T>): void;
  inc(first?: LabelValues<T> | IncreaseDataWithExemplar<T> | number | null, value?: number | null): void {
    if (this.enableExemplars && isLabels(first)) {
      const { labels = {}, value: by = 1, exemplarLabels } = first as IncreaseDataWithExemplar<T>;
      this.#increase(labels, by, exemplarLabels);
    } else if (isLabels(first)) this.#increase(first as LabelValues<T>, value);
    else this.#increase({}, first as number | null | undefined);
  }

  /** The series of a label set, to keep. */
  labels(...values: string[]): Counter.Internal;
  labels(labels: LabelValues<T>): Counter.Internal;
  labels(...given: (string | LabelValues<T>)[]): Counter.Internal {
    const labels = this.toLabels(given);
    let handle: CounterHandle | undefined;
    return {
      inc: (value) => {
        requireIncrement(value);
        handle ??= this.handle(labels);
        handle.inc(value ?? 1);
      },
    };
  }

  #increase(labels: LabelValues<T>, value: number | null | undefined, exemplar?: LabelValues<string>): void {
    requireIncrement(value);
    const handle = this.handle(labels);
    handle.inc(value ?? 1);
    this.keepExemplar(handle, 0, value ?? 1, exemplar);
  }

  protected toValues(
    cells: Float64Array,
    labels: LabelValues<string>,
    exemplars: readonly (ExemplarValue | undefined)[],
  ): MetricValueWithName[] {
    const [exemplar] = exemplars;
    return [{ value: cells[0]!, labels, ...(exemplar ? { exemplar } : {}) }];
  }
}

function requireIncrement(value: number | null | undefined): void {
  if (value === undefined || value === null) return;
  requireFinite(value);
  if (value < 0) throw new Error("It is not possible to decrease a counter");
}

export declare namespace Counter {
  interface Internal {
    inc(value?: number): void;
  }
}
