import { type Format, formatFor } from "../exposition/negotiate.ts";
import { Renderer } from "../exposition/renderer.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Family, FamilyView } from "../read/family.ts";
import type { Reader } from "../read/reader.ts";
import type { Series } from "../read/series.ts";
import { core } from "./core.ts";
import type { Metric, MetricObject } from "./metric.ts";

export const prometheusContentType = "text/plain; version=0.0.4; charset=utf-8";
export const openMetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";
export type RegistryContentType = typeof prometheusContentType | typeof openMetricsContentType;

type AnyMetric = Metric<string, Handle>;

/** prom-client's registry. */
export class Registry {
  static readonly PROMETHEUS_CONTENT_TYPE = prometheusContentType;
  static readonly OPENMETRICS_CONTENT_TYPE = openMetricsContentType;

  readonly #metrics = new Map<string, AnyMetric>();
  #views = new WeakMap<AnyMetric, FamilyView>();
  #selected: readonly AnyMetric[] = [];
  #defaultLabels: Readonly<Record<string, string>> = {};
  #contentType: RegistryContentType;
  #renderer: Renderer | undefined;

  constructor(contentType: RegistryContentType = prometheusContentType) {
    this.#contentType = contentType;
  }

  /** A registry of all the metrics of several. @throws Error when two have one name */
  static merge(registries: readonly Registry[]): Registry {
    const merged = new Registry(registries[0]?.contentType);
    for (const registry of registries) for (const metric of registry.#metrics.values()) merged.registerMetric(metric);
    return merged;
  }

  get contentType(): RegistryContentType {
    return this.#contentType;
  }

  setContentType(contentType: RegistryContentType): void {
    if (contentType !== prometheusContentType && contentType !== openMetricsContentType) {
      throw new TypeError(`Content type ${String(contentType)} is unsupported`);
    }
    this.#contentType = contentType;
  }

  registerMetric(metric: AnyMetric): void {
    const known = this.#metrics.get(metric.name);
    if (known === metric) return;
    if (known) throw new Error(`A metric with the name ${metric.name} has already been registered.`);
    this.#metrics.set(metric.name, metric);
  }

  /** Everything in the exposition format of the content type. */
  async metrics(): Promise<string> {
    return this.#render([...this.#metrics.values()]);
  }

  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.#metrics.get(name);
    return metric ? (await this.#render([metric])).replace(/# EOF\n$/, "") : "";
  }

  getSingleMetric(name: string): AnyMetric | undefined {
    return this.#metrics.get(name);
  }

  getMetricsAsArray(): AnyMetric[] {
    return [...this.#metrics.values()];
  }

  async getMetricsAsJSON(): Promise<MetricObject[]> {
    const metrics = await Promise.all(this.getMetricsAsArray().map((metric) => metric.get()));
    return metrics.map(({ values, ...rest }) => ({
      ...rest,
      values: values.map((value) => ({ ...value, labels: { ...this.#defaultLabels, ...value.labels } })),
    }));
  }

  removeSingleMetric(name: string): void {
    this.#metrics.delete(name);
  }

  clear(): void {
    this.#metrics.clear();
    this.#views = new WeakMap();
    this.#defaultLabels = {};
    this.#renderer = undefined;
  }

  resetMetrics(): void {
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Labels of every metric; a metric's own label of that name wins. */
  setDefaultLabels(labels: Readonly<Record<string, LabelLike>>): void {
    this.#defaultLabels = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
    this.#views = new WeakMap();
  }

  async #render(metrics: readonly AnyMetric[]): Promise<string> {
    await Promise.all(metrics.map((metric) => metric.collect()));
    this.#renderer ??= new Renderer(core, (reader) => this.#select(reader));
    this.#selected = metrics;
    return this.#renderer.render(this.#format).toString();
  }

  get #format(): Format {
    return formatFor(this.#contentType === openMetricsContentType ? "openmetrics" : "text");
  }

  #select(reader: Reader): FamilyView[] {
    return this.#selected.flatMap((metric) => {
      const family = reader.family(metric.key);
      return family ? this.#view(reader, metric, family) : [];
    });
  }

  /** A metric of this registry as its users know it: by its name, with the default labels, in the order in which series were made. */
  #view(reader: Reader, metric: AnyMetric, family: Family): FamilyView {
    const known = this.#views.get(metric);
    if (known?.version === family.version) return known;
    const view: FamilyView = {
      definition: { ...family.definition, name: metric.name },
      labels: family.labels,
      version: family.version,
      series: [...family.series].sort((a, b) => reader.orderOf(a) - reader.orderOf(b)),
      labelsOf: (series) => this.#labelsOf(series),
      exposedEmpty: true,
    };
    this.#views.set(metric, view);
    return view;
  }

  /** A label that was left out is not there, and then the default of that name is. */
  #labelsOf({ family, values }: Series): [string, string][] {
    const own = family.labels.flatMap((label, i): [string, string][] =>
      values[i] === "" ? [] : [[label, values[i]!]],
    );
    const given = new Set(own.map(([label]) => label));
    const added = Object.entries(this.#defaultLabels).filter(([label]) => !given.has(label));
    return [...own, ...added];
  }
}

type LabelLike = string | number | boolean;

/** The registry that metrics are in unless they say otherwise. */
export const register: Registry = new Registry();
