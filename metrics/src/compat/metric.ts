import { format, inspect } from "node:util";
import type { MetricSpec } from "../definition/definition.ts";
import { MetricsError } from "../errors.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Instrument } from "../instruments/instrument.ts";
import { cellCount, readCells } from "../read/cells.ts";
import type { Reader } from "../read/reader.ts";
import type { Series } from "../read/series.ts";
import { PROMETHEUS } from "./content-types.ts";
import { abandoned, core, newKey } from "./core.ts";
import { type AnyRegistry, register } from "./registry.ts";
import type {
  Aggregator,
  CollectFunction,
  ExemplarValue,
  LabelValues,
  MetricObjectWithValues,
  MetricValueWithName,
} from "./types.ts";

export interface MetricConfiguration<T extends string> {
  name: string;
  help: string;
  labelNames?: T[] | readonly T[];
  registers?: AnyRegistry[] | undefined;
  aggregator?: Aggregator;
  // biome-ignore lint/suspicious/noExplicitAny: as prom-client declares it
  collect?: CollectFunction<any>;
  enableExemplars?: boolean;
}

/** Stands for a label that was left out; no text that is exported has it. */
const ABSENT = "\u0000absent";
const MOST_EXEMPLAR_CHARACTERS = 128;
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether prom-client would take the name. */
export const validateMetricName = (name: string): boolean => METRIC_NAME.test(name);

/** Labels as given, or undefined where the first argument is a value. */
export const isLabels = (value: unknown): value is LabelValues<string> => value !== null && typeof value === "object";

/** @throws TypeError as prom-client does */
export function requireFinite(value: unknown): asserts value is number {
  if (!Number.isFinite(value)) throw new TypeError(`Value is not a valid number: ${format(value)}`);
}

/** Observes values by a handle that is made for the first of them: a label set without values has no series. */
export function lazyObserver(handle: () => { observe(value: number): void }): (value: number) => void {
  let made: ReturnType<typeof handle> | undefined;
  return (value) => {
    requireFinite(value);
    made ??= handle();
    made.observe(value);
  };
}

/** What the four metric types share. */
export abstract class BaseMetric<T extends string, H extends Handle> {
  name: string;
  readonly help: string;
  abstract readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly aggregator: Aggregator;
  readonly labelNames: readonly string[];
  readonly enableExemplars: boolean;
  /** The `collect` of the configuration, if any. */
  // biome-ignore lint/suspicious/noExplicitAny: so that metrics of some labels are metrics
  readonly collect: CollectFunction<any> | undefined;
  /** Name in the core registry. @internal */
  readonly key: string;
  /** @internal */
  readonly instrument: Instrument<H>;
  /** Labels as they were given, where some were not text, by the values that they are recorded under. */
  readonly #given = new WeakMap<readonly string[], LabelValues<T>>();
  /** The last exemplar of each cell, by the values of the series. */
  readonly #exemplars = new WeakMap<readonly string[], (ExemplarValue | undefined)[]>();

  constructor(config: MetricConfiguration<T>, spec: Omit<MetricSpec, "name" | "help" | "labels">) {
    if (config === null || typeof config !== "object") throw new TypeError("constructor expected a config object");
    const { name, help, labelNames = [], aggregator = "sum", enableExemplars = false, collect } = config;
    const registers = config.registers ?? [register];
    if (!help) throw new Error("Missing mandatory help parameter");
    if (!name) throw new Error("Missing mandatory name parameter");
    if (!validateMetricName(name)) throw new Error("Invalid metric name");
    if (!labelNames.every((label) => LABEL_NAME.test(label))) throw new Error("Invalid label name");
    if (collect && typeof collect !== "function") throw new Error('Optional "collect" parameter must be a function');
    if (enableExemplars && registers.some(({ contentType }) => contentType === PROMETHEUS)) {
      throw new TypeError("Exemplars are supported only on OpenMetrics registries");
    }
    this.name = name;
    this.help = help;
    this.aggregator = aggregator;
    this.labelNames = labelNames;
    this.enableExemplars = enableExemplars;
    this.collect = collect;
    this.key = newKey(name);
    this.instrument = makeInstrument(name, this.key, { ...spec, help, labels: labelsOf(labelNames) }) as Instrument<H>;
    abandoned.register(this, this.key);
    for (const registry of registers) registry.registerMetric(this as never);
  }

  /** The metric as plain data, after its `collect`. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<T>>> {
    await this.collect?.();
    const { name, help, type, aggregator } = this;
    const values = core.read((reader) => this.#ordered(reader).flatMap((series) => this.#valuesOf(reader, series)));
    return { name, help, type, values, aggregator } as MetricObjectWithValues<MetricValueWithName<T>>;
  }

  /** Forgets what was recorded; without labels the metric starts again at zero. */
  reset(): void {
    this.instrument.removeAll();
    if (this.labelNames.length === 0) this.instrument.single();
  }

  /** Forgets a label set: its values in the order of `labelNames`, or as an object. */
  remove(...values: string[]): void;
  remove(labels: LabelValues<T>): void;
  remove(...labels: (string | LabelValues<T>)[]): void {
    this.instrument.remove(this.#complete(this.toLabels(labels)));
  }

  /** A series' labels as they are exposed. @internal */
  exposedLabels(series: Series): [string, string][] {
    // In the order in which the metric names them; the core keeps them sorted.
    return this.labelNames.flatMap((label): [string, string][] => {
      const value = series.values[series.family.labels.indexOf(label)]!;
      return value === ABSENT ? [] : [[label, value]];
    });
  }

  /** A series' exemplars by cell. @internal */
  exemplarsOf(series: Series): readonly (ExemplarValue | undefined)[] {
    return this.#exemplars.get(series.values) ?? [];
  }

  /** The values of one series. */
  protected abstract toValues(
    cells: Float64Array,
    labels: LabelValues<string>,
    exemplars: readonly (ExemplarValue | undefined)[],
  ): MetricValueWithName[];

  /** The handle of a label set, which exists from then on. */
  protected handle(labels: LabelValues<T>): H {
    const handle = this.instrument.with(this.#complete(labels));
    if (this.#hasOtherThanText(labels) && !this.#given.has(handle.values))
      this.#given.set(handle.values, { ...labels });
    return handle;
  }

  /** Keeps an exemplar. @throws RangeError when its labels are too long */
  protected keepExemplar(handle: H, cell: number, value: number, labelSet: LabelValues<string> | undefined): void {
    if (labelSet === undefined || Object.keys(labelSet).length === 0) return;
    const text = Object.entries(labelSet).flat().join("");
    if (text.length > MOST_EXEMPLAR_CHARACTERS) {
      throw new RangeError("Label set size must be smaller than 128 UTF-8 chars");
    }
    const exemplars = this.#exemplars.get(handle.values) ?? [];
    exemplars[cell] = { labelSet, value, timestamp: Date.now() / 1000 };
    this.#exemplars.set(handle.values, exemplars);
  }

  /** Labels as prom-client takes them: in order, or as an object. */
  protected toLabels(given: readonly (string | number | LabelValues<T> | undefined)[]): LabelValues<T> {
    const [first] = given;
    if (typeof first === "object") return first;
    if (given.length !== this.labelNames.length) {
      const names = this.labelNames.join(", ");
      throw new Error(
        `Invalid number of arguments (${given.length}): "${given.join(", ")}" for label names (${this.labelNames.length}): "${names}".`,
      );
    }
    return Object.fromEntries(this.labelNames.map((label, i) => [label, given[i]])) as LabelValues<T>;
  }

  /** @throws Error when a label is not one of the metric's */
  protected validateLabels(labels: LabelValues<T>): void {
    for (const label in labels) {
      if (this.labelNames.includes(label)) continue;
      throw new Error(`Added label "${label}" is not included in initial labelset: ${inspect(this.labelNames)}`);
    }
  }

  /** Each of the metric's labels as text. */
  #complete(labels: LabelValues<T>): Record<string, string> {
    this.validateLabels(labels);
    // Without a prototype: a label may be called `constructor`, or `__proto__`.
    const complete = Object.create(null) as Record<string, string>;
    for (const label of this.labelNames) {
      const isForeign = label in Object.prototype && !Object.hasOwn(labels, label);
      const value: unknown = isForeign ? undefined : labels[label as T];
      complete[label] = value === undefined ? ABSENT : String(value);
    }
    return complete;
  }

  #hasOtherThanText(labels: LabelValues<T>): boolean {
    for (const label in labels) if (typeof labels[label] !== "string") return true;
    return false;
  }

  /** In the order in which they were made, as prom-client has them. */
  #ordered(reader: Reader): Series[] {
    const series = [...(reader.family(this.key)?.series ?? [])];
    return series.sort((a, b) => reader.orderOf(a) - reader.orderOf(b));
  }

  #valuesOf({ arena }: Reader, series: Series): MetricValueWithName[] {
    const { definition } = series.family;
    const cells = new Float64Array(cellCount(definition));
    readCells(arena, definition, series, core.now(), cells, 0);
    const labels = this.#given.get(series.values) ?? Object.fromEntries(this.exposedLabels(series));
    return this.toValues(cells, { ...labels }, this.exemplarsOf(series));
  }
}

const labelsOf = (names: readonly string[]): Record<string, "any"> =>
  Object.fromEntries(names.map((label) => [label, "any" as const]));

/** An instrument under a key that no user should read about. */
function makeInstrument(name: string, key: string, spec: Omit<MetricSpec, "name">): Instrument<Handle> {
  try {
    core.metric({ ...spec, name: key });
    return core.instrument(key)!;
  } catch (error) {
    if (!(error instanceof MetricsError)) throw error;
    throw new Error(error.message.replaceAll(key, name), { cause: error });
  }
}
