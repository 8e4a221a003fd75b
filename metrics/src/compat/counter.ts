import type { CounterHandle } from "../instruments/counter.ts";
import type { ExemplarLabels } from "../registry/recorder.ts";
import { type LabelValues, Metric, type MetricConfiguration, type MetricValue, requireNumber } from "./metric.ts";

export type CounterConfiguration<T extends string = string> = MetricConfiguration<T>;

/** `inc` of a metric with exemplars. */
export interface IncreaseData<T extends string> {
  readonly labels?: LabelValues<T>;
  readonly value?: number;
  readonly exemplarLabels?: ExemplarLabels;
}

class Child {
  readonly #handle: CounterHandle;

  constructor(handle: CounterHandle) {
    this.#handle = handle;
  }

  inc(value = 1): void {
    increase(this.#handle, value);
  }
}

function increase(handle: CounterHandle, value: unknown, exemplar?: ExemplarLabels): void {
  requireNumber(value);
  if (value < 0) throw new Error("It is not possible to decrease a counter");
  handle.inc(value, exemplar);
}

export class Counter<T extends string = string> extends Metric<T, CounterHandle> {
  readonly #exemplars: boolean;

  constructor(config: CounterConfiguration<T>) {
    super(config, { type: "counter" });
    this.#exemplars = config.enableExemplars ?? false;
  }

  inc(labels: LabelValues<T> | IncreaseData<T>, value?: number): void;
  inc(value?: number): void;
  inc(first?: LabelValues<T> | IncreaseData<T> | number | null, value?: number): void {
    if (typeof first !== "object" || first === null) {
      increase(this.handle([{} as LabelValues<T>]), first ?? value ?? 1);
    } else if (this.#exemplars) {
      const { labels = {}, value: by = 1, exemplarLabels } = first as IncreaseData<T>;
      increase(this.handle([labels as LabelValues<T>]), by, exemplarLabels);
    } else {
      increase(this.handle([first as LabelValues<T>]), value ?? 1);
    }
  }

  labels(...labels: (string | number)[] | [LabelValues<T>]): Child {
    return new Child(this.handle(labels));
  }

  protected toValues(cells: Float64Array, labels: Record<string, string>): MetricValue[] {
    return [{ value: cells[0]!, labels }];
  }
}
