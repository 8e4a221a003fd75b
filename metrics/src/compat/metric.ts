import type { MetricSpec } from "../definition/definition.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Instrument } from "../instruments/instrument.ts";
import type { LabelInput, LabelValue } from "../instruments/label-values.ts";
import { cellCount, readCells } from "../read/cells.ts";
import type { Aggregator } from "./aggregators.ts";
import { core, newKey } from "./core.ts";
import { type Registry, register } from "./registry.ts";

export type LabelValues<T extends string = string> = Partial<Record<T, LabelValue>>;

export interface MetricConfiguration<T extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly T[];
  readonly registers?: readonly Registry[];
  readonly aggregator?: Aggregator;
  readonly enableExemplars?: boolean;
  /** Called with the metric as `this` before each scrape. */
  readonly collect?: (this: never) => void | Promise<void>;
}

/** One value, as `get` gives it. */
export interface MetricValue {
  readonly value: number;
  readonly labels: Record<string, string | number>;
  readonly metricName?: string;
}

/** A metric as plain data. */
export interface MetricObject {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: Aggregator;
  readonly values: MetricValue[];
}

/** What the four metric types share. */
export abstract class Metric<T extends string, H extends Handle> {
  readonly name: string;
  readonly help: string;
  readonly aggregator: Aggregator;
  readonly labelNames: readonly T[];
  /** Name in the core registry. @internal */
  readonly key: string;
  /** @internal */
  readonly instrument: Instrument<H>;
  readonly #collect: (() => void | Promise<void>) | undefined;

  constructor(config: MetricConfiguration<T>, spec: Omit<MetricSpec, "name" | "help" | "labels">) {
    const { name, help, labelNames = [], registers = [register], aggregator = "sum" } = config;
    if (!name) throw new Error("Missing mandatory name parameter");
    if (!help) throw new Error("Missing mandatory help parameter");
    if (!validateMetricName(name)) throw new Error(`Invalid metric name: ${name}`);
    for (const label of labelNames)
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) throw new Error(`Invalid label name: ${label}`);
    this.name = name;
    this.help = help;
    this.aggregator = aggregator;
    this.labelNames = labelNames;
    this.key = newKey(name);
    this.#collect = (config.collect as (() => void | Promise<void>) | undefined)?.bind(this);
    const labels = Object.fromEntries(labelNames.map((label) => [label, "any" as const]));
    const exemplars = config.enableExemplars ?? false;
    core.metric({ ...spec, name: this.key, help, labels, exemplars });
    this.instrument = core.instrument(this.key) as Instrument<H>;
    for (const registry of registers) registry.registerMetric(this);
  }

  /** Runs the `collect` of the configuration. @internal */
  async collect(): Promise<void> {
    await this.#collect?.();
  }

  /** The metric as plain data. */
  async get(): Promise<MetricObject> {
    await this.collect();
    const { name, help, aggregator } = this;
    const type = this.instrument.definition.type;
    const values = core.read((reader) => {
      const { arena } = reader;
      const family = reader.family(this.key);
      return (family?.series ?? []).flatMap((series) => {
        const cells = new Float64Array(cellCount(family!.definition));
        readCells(arena, family!.definition, series, core.now(), cells, 0);
        const labels = Object.fromEntries(
          family!.labels.map((label, i) => [label, series.values[i]!]).filter(([, v]) => v !== ""),
        );
        return this.toValues(cells, labels);
      });
    });
    return { name, help, type, values, aggregator };
  }

  /** Forgets what was recorded. */
  reset(): void {
    this.instrument.removeAll();
    if (this.labelNames.length === 0) this.instrument.single();
  }

  /** Forgets a label set: its values in the order of `labelNames`, or as an object. */
  remove(...labels: LabelValue[] | [LabelValues<T>]): void {
    this.instrument.remove(this.complete(this.toObject(labels)));
  }

  protected abstract toValues(cells: Float64Array, labels: Record<string, string>): MetricValue[];

  /** The handle of labels as prom-client takes them: in order, or as an object. */
  protected handle(labels: LabelValue[] | [LabelValues<T>]): H {
    return this.instrument.with(this.complete(this.toObject(labels)));
  }

  protected toObject(given: LabelValue[] | [LabelValues<T>]): LabelValues<T> {
    const [first] = given;
    if (typeof first === "object" && first !== null) return first;
    if (given.length !== this.labelNames.length) throw new Error("Invalid number of arguments");
    return Object.fromEntries(this.labelNames.map((label, i) => [label, given[i]])) as LabelValues<T>;
  }

  /** prom-client lets labels be left out; an empty label is the same to Prometheus as none. */
  protected complete(labels: LabelValues<T>): LabelInput {
    const complete: Record<string, LabelValue> = {};
    for (const label of this.labelNames) complete[label] = labels[label] ?? "";
    for (const label in labels) {
      if (complete[label] === undefined) {
        throw new Error(
          `Added label "${label}" is not included in initial labelset: [ ${this.labelNames.join(", ")} ]`,
        );
      }
    }
    return complete;
  }
}

/** Whether prom-client would take the name. */
export const validateMetricName = (name: string): boolean => /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);

/** @throws TypeError as prom-client does */
export function requireNumber(value: unknown): asserts value is number {
  if (!Number.isFinite(value)) throw new TypeError(`Value is not a valid number: ${String(value)}`);
}
