import { format } from "node:util";
import type { GaugeHandle } from "../instruments/gauge.ts";
import { BaseMetric, isLabels, type MetricConfiguration } from "./metric.ts";
import { secondsTimer } from "./timer.ts";
import type { CollectFunction, LabelValues, MetricValueWithName } from "./types.ts";

export interface GaugeConfiguration<T extends string> extends MetricConfiguration<T> {
  collect?: CollectFunction<Gauge<T>>;
}

export class Gauge<T extends string = string> extends BaseMetric<T, GaugeHandle> {
  readonly type = "gauge";

  constructor(configuration: GaugeConfiguration<T>) {
    super(configuration, { type: "gauge" });
  }

  inc(labels: LabelValues<T>, value?: number): void;
  inc(value?: number): void;
  inc(first?: LabelValues<T> | number, value?: number): void {
    const [labels, by] = split(first, value);
    requireNumber("Delta", by ?? 1);
    this.handle(labels).inc(by ?? 1);
  }

  dec(labels: LabelValues<T>, value?: number): void;
  dec(value?: number): void;
  dec(first?: LabelValues<T> | number, value?: number): void {
    const [labels, by] = split(first, value);
    requireNumber("Delta", by ?? 1);
    this.handle(labels).dec(by ?? 1);
  }

  set(labels: LabelValues<T>, value: number): void;
  set(value: number): void;
  set(first: LabelValues<T> | number, value?: number): void {
    const [labels, to] = split(first, value);
    requireNumber("Value", to);
    this.handle(labels).set(to);
  }

  setToCurrentTime(labels: LabelValues<T> = {}): void {
    this.set(labels, Date.now() / 1000);
  }

  /** Sets the seconds until the function it returns is called; labels may be given then, too. */
  startTimer(labels: LabelValues<T> = {}): (labels?: LabelValues<T>) => number {
    return secondsTimer((seconds, endLabels?: LabelValues<T>) => this.set({ ...labels, ...endLabels }, seconds));
  }

  /** The series of a label set, to keep. */
  labels(...values: string[]): Gauge.Internal<T>;
  labels(labels: LabelValues<T>): Gauge.Internal<T>;
  labels(...given: (string | LabelValues<T>)[]): Gauge.Internal<T> {
    const labels = this.toLabels(given);
    this.validateLabels(labels);
    let handle: GaugeHandle | undefined;
    const bound = (): GaugeHandle => {
      handle ??= this.handle(labels);
      return handle;
    };
    return {
      inc: (value = 1) => {
        requireNumber("Delta", value);
        bound().inc(value);
      },
      dec: (value = 1) => {
        requireNumber("Delta", value);
        bound().dec(value);
      },
      set: (value) => {
        requireNumber("Value", value);
        bound().set(value);
      },
      setToCurrentTime: () => bound().set(Date.now() / 1000),
      startTimer: () => this.startTimer(labels),
    };
  }

  protected toValues(cells: Float64Array, labels: LabelValues<string>): MetricValueWithName[] {
    return [{ value: cells[0]!, labels }];
  }
}

function split<T extends string>(
  first: LabelValues<T> | number | undefined,
  value: number | undefined,
): [LabelValues<T>, number | undefined] {
  return isLabels(first) ? [first as LabelValues<T>, value] : [{}, first];
}

function requireNumber(what: "Value" | "Delta", value: unknown): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`${what} is not a valid number: ${format(value)}`);
}

export declare namespace Gauge {
  interface Internal<T extends string> {
    inc(value?: number): void;
    dec(value?: number): void;
    set(value: number): void;
    setToCurrentTime(): void;
    startTimer(): (labels?: LabelValues<T>) => number;
  }
}
