import { type Format, formatFor } from "../exposition/negotiate.ts";
import { Renderer } from "../exposition/renderer.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Family, FamilyView } from "../read/family.ts";
import { core, publicName } from "./core.ts";
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
  readonly #views = new Map<Family, FamilyView>();
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
    this.#views.clear();
    this.#defaultLabels = {};
    this.#renderer = undefined;
  }

  resetMetrics(): void {
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Labels of every metric; a metric's own label of that name wins. */
  setDefaultLabels(labels: Readonly<Record<string, LabelLike>>): void {
    this.#defaultLabels = Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
    this.#views.clear();
  }

  async #render(metrics: readonly AnyMetric[]): Promise<string> {
    await Promise.all(metrics.map((metric) => metric.collect()));
    this.#renderer ??= new Renderer(core, (family) => this.#view(family));
    const names = new Set(metrics.map(({ name }) => name));
    return this.#renderer.render(this.#format, ({ definition }) => names.has(definition.name)).toString();
  }

  get #format(): Format {
    return formatFor(this.#contentType === openMetricsContentType ? "openmetrics" : "text");
  }

  /** A metric of this registry as its users know it: by its name, with the default labels. */
  #view(family: Family): FamilyView | undefined {
    const name = publicName(family.definition.name);
    if (this.#metrics.get(name)?.key !== family.definition.name) return undefined;
    const known = this.#views.get(family);
    if (known?.version === family.version) return known;
    const added = Object.entries(this.#defaultLabels).filter(([label]) => !family.labels.includes(label));
    const view: FamilyView = {
      definition: { ...family.definition, name },
      labels: [...family.labels, ...added.map(([label]) => label)],
      version: family.version,
      series:
        added.length === 0
          ? family.series
          : family.series.map((series) => ({
              ...series,
              values: [...series.values, ...added.map(([, value]) => value)],
            })),
    };
    this.#views.set(family, view);
    return view;
  }
}

type LabelLike = string | number | boolean;

/** The registry that metrics are in unless they say otherwise. */
export const register: Registry = new Registry();
