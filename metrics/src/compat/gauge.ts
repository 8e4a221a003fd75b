import type { GaugeHandle } from "../instruments/gauge.ts";
import { type LabelValues, Metric, type MetricConfiguration, type MetricValue, requireNumber } from "./metric.ts";

export type GaugeConfiguration<T extends string = string> = MetricConfiguration<T>;

class Child {
  readonly #handle: GaugeHandle;

  constructor(handle: GaugeHandle) {
    this.#handle = handle;
  }

  set(value: number): void {
    if (typeof value !== "number") throw new TypeError(`Value is not a valid number: ${String(value)}`);
    this.#handle.set(value);
  }

  inc(value = 1): void {
    requireNumber(value);
    this.#handle.inc(value);
  }

  dec(value = 1): void {
    requireNumber(value);
    this.#handle.dec(value);
  }

  setToCurrentTime(): void {
    this.#handle.setToCurrentTime();
  }

  /** Sets the seconds that passed when the function it returns is called. */
  startTimer(): () => number {
    const timer = this.#handle.startTimer();
    return () => timer.stop();
  }
}

export class Gauge<T extends string = string> extends Metric<T, GaugeHandle> {
  constructor(config: GaugeConfiguration<T>) {
    super(config, { type: "gauge" });
  }

  labels(...labels: (string | number)[] | [LabelValues<T>]): Child {
    return new Child(this.handle(labels));
  }

  set(labels: LabelValues<T>, value: number): void;
  set(value: number): void;
  set(first: LabelValues<T> | number, value?: number): void {
    this.#child(first).set(typeof first === "object" ? value! : first);
  }

  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  inc(first?: LabelValues<T> | number, value?: number): void {
    this.#child(first).inc(typeof first === "object" ? value : first);
  }

  dec(labels: LabelValues<T>, value?: number): void;
  dec(value?: number): void;
  dec(first?: LabelValues<T> | number, value?: number): void {
    this.#child(first).dec(typeof first === "object" ? value : first);
  }

  setToCurrentTime(labels?: LabelValues<T>): void {
    this.#child(labels).setToCurrentTime();
  }

  startTimer(labels: LabelValues<T> = {}): (endLabels?: LabelValues<T>) => number {
    const start = performance.now();
    return (endLabels = {}) => {
      const seconds = (performance.now() - start) / 1000;
      this.set({ ...labels, ...endLabels }, seconds);
      return seconds;
    };
  }

  #child(labels: LabelValues<T> | number | undefined): Child {
    return this.labels(typeof labels === "object" ? labels : ({} as LabelValues<T>));
  }

  protected toValues(cells: Float64Array, labels: Record<string, string>): MetricValue[] {
    return [{ value: cells[0]!, labels }];
  }
}
