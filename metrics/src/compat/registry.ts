import { escapeHelp } from "../exposition/names.ts";
import { formatFor } from "../exposition/negotiate.ts";
import { formatNumber } from "../exposition/number.ts";
import { Renderer } from "../exposition/renderer.ts";
import type { Handle } from "../instruments/handle.ts";
import type { Family, FamilyView } from "../read/family.ts";
import type { Reader } from "../read/reader.ts";
import { OPENMETRICS, PROMETHEUS } from "./content-types.ts";
import { core, letAbandonedGo } from "./core.ts";
import type { Counter } from "./counter.ts";
import type { Gauge } from "./gauge.ts";
import type { Histogram } from "./histogram.ts";
import type { BaseMetric } from "./metric.ts";
import type { Summary } from "./summary.ts";
import { bracketed, familyName, header, promClientLayout } from "./text.ts";
import type {
  ExemplarValue,
  LabelValues,
  MetricObject,
  MetricObjectWithValues,
  MetricValueWithName,
  OpenMetricsContentType,
  PrometheusContentType,
  RegistryContentType,
} from "./types.ts";

export type Metric<T extends string = string> = Counter<T> | Gauge<T> | Summary<T> | Histogram<T>;

/** A registry of either content type. */
export type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/** A metric of this package, or anything else that says its values, as prom-client allows. */
type Registered = BaseMetric<string, Handle> | ForeignMetric;

interface ForeignMetric {
  readonly name: string;
  get(): MetricObjectWithValues<MetricValueWithName> | Promise<MetricObjectWithValues<MetricValueWithName>>;
  reset?(): void;
}

/** By what only metrics of this package have: their module imports this one, for the registry that they are in by default. */
const isOwn = (metric: Registered): metric is BaseMetric<string, Handle> => "instrument" in metric;

/** prom-client's registry. */
export class Registry<BoundRegistryContentType extends RegistryContentType = PrometheusContentType> {
  static readonly PROMETHEUS_CONTENT_TYPE: PrometheusContentType = PROMETHEUS;
  static readonly OPENMETRICS_CONTENT_TYPE: OpenMetricsContentType = OPENMETRICS;

  readonly #metrics = new Map<string, Registered>();
  #views = new WeakMap<BaseMetric<string, Handle>, FamilyView>();
  #defaultLabels: Readonly<Record<string, unknown>> = {};
  #contentType: RegistryContentType;
  #renderer: Renderer | undefined;
  #rendered: readonly BaseMetric<string, Handle>[] = [];

  constructor(contentType?: BoundRegistryContentType) {
    this.#contentType = contentType ?? PROMETHEUS;
    if (!isContentType(this.#contentType)) throw new TypeError(`Content type ${contentType} is unsupported`);
  }

  /** A registry of all the metrics of several. @throws Error when two have one name, or when their content types differ */
  static merge(registries: AnyRegistry[]): Registry {
    const type = registries[0]!.contentType;
    if (registries.some(({ contentType }) => contentType !== type)) {
      throw new Error("Registers can only be merged if they have the same content type");
    }
    const merged = new Registry(type);
    for (const registry of registries) for (const metric of registry.#metrics.values()) merged.#register(metric);
    return merged as Registry;
  }

  get contentType(): BoundRegistryContentType {
    return this.#contentType as BoundRegistryContentType;
  }

  setContentType(contentType: BoundRegistryContentType): void {
    if (!isContentType(contentType)) throw new Error(`Content type ${contentType} is unsupported`);
    this.#contentType = contentType;
  }

  registerMetric<T extends string>(metric: Metric<T>): void {
    this.#register(metric as unknown as Registered);
  }

  #register(metric: Registered): void {
    const known = this.#metrics.get(metric.name);
    if (known === metric) return;
    if (known) throw new Error(`A metric with the name ${metric.name} has already been registered.`);
    this.#metrics.set(metric.name, metric);
  }

  /** Everything in the exposition format of the content type. */
  async metrics(): Promise<string> {
    await letAbandonedGo();
    const metrics = [...this.#metrics.values()];
    if (metrics.every(isOwn)) return this.#render(metrics);
    const texts = await Promise.all(metrics.map((metric) => this.#textOf(metric)));
    return this.#isOpenMetrics ? `${texts.join("\n")}\n# EOF\n` : `${texts.join("\n\n")}\n`;
  }

  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.#metrics.get(name);
    if (metric === undefined) throw new TypeError(`There is no metric with the name ${name}.`);
    return this.#textOf(metric);
  }

  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.#metrics.get(name) as Metric<T> | undefined;
  }

  getMetricsAsArray(): MetricObject[] {
    return [...this.#metrics.values()] as unknown as MetricObject[];
  }

  async getMetricsAsJSON(): Promise<MetricObjectWithValues<MetricValueWithName>[]> {
    const metrics = await Promise.all([...this.#metrics.values()].map((metric) => metric.get()));
    return metrics.map((metric) => ({
      ...metric,
      values: metric.values?.map((value) => ({ ...value, labels: this.#withDefaults(value.labels) })),
    }));
  }

  removeSingleMetric(name: string): void {
    this.#metrics.delete(name);
  }

  clear(): void {
    this.#metrics.clear();
    this.#defaultLabels = {};
    this.#views = new WeakMap();
    this.#rendered = [];
    this.#renderer = undefined;
  }

  resetMetrics(): void {
    for (const metric of this.#metrics.values()) metric.reset?.();
  }

  /** Labels of every series that has none of that name. */
  setDefaultLabels(labels: object): void {
    this.#defaultLabels = labels as Readonly<Record<string, unknown>>;
    this.#views = new WeakMap();
  }

  get #isOpenMetrics(): boolean {
    return this.#contentType === OPENMETRICS;
  }

  #withDefaults(labels: LabelValues<string>): LabelValues<string> {
    const all: Record<string, unknown> = { ...labels };
    for (const [label, value] of Object.entries(this.#defaultLabels)) all[label] ||= value;
    return all as LabelValues<string>;
  }

  async #textOf(metric: Registered): Promise<string> {
    const text = isOwn(metric) ? await this.#render([metric]) : this.#foreignText(await metric.get());
    return text.replace(/# EOF\n$/, "").replace(/\n$/, "");
  }

  async #render(metrics: readonly BaseMetric<string, Handle>[]): Promise<string> {
    await Promise.all(metrics.map((metric) => metric.collect?.()));
    for (const metric of metrics) if (metric.type === "summary") (metric as Summary).prune();
    this.#renderer ??= new Renderer(core, (reader) => this.#select(reader));
    this.#rendered = metrics;
    if (metrics.length === 0) return this.#isOpenMetrics ? "\n# EOF\n" : "\n";
    const text = this.#renderer.render(formatFor(this.#isOpenMetrics ? "openmetrics" : "text")).toString();
    return this.#isOpenMetrics ? text : text.slice(1);
  }

  #select(reader: Reader): FamilyView[] {
    return this.#rendered.flatMap((metric) => {
      const family = reader.family(metric.key);
      return family ? this.#view(reader, metric, family) : [];
    });
  }

  /** A metric of this registry as its users know it: by its name, with the default labels, in the order in which series were made. */
  #view(reader: Reader, metric: BaseMetric<string, Handle>, family: Family): FamilyView {
    const known = this.#views.get(metric);
    if (known?.version === family.version) return known;
    const series = [...family.series].sort((a, b) => reader.orderOf(a) - reader.orderOf(b));
    const layout = () =>
      promClientLayout(view, this.#isOpenMetrics, (i) => {
        const own = metric.exposedLabels(series[i]!);
        return { own, added: this.#defaultsBeside(own) };
      });
    const view: FamilyView = {
      definition: { ...family.definition, name: metric.name },
      labels: family.labels,
      version: family.version,
      series,
      layout,
      exposedEmpty: true,
      zeroForNothing: true,
      ...(metric.enableExemplars ? { exemplarsOf: (one) => metric.exemplarsOf(one).map(toExemplar) } : {}),
    };
    this.#views.set(metric, view);
    return view;
  }

  /** The default labels that a series has none of its own for. */
  #defaultsBeside(own: readonly (readonly [string, string])[]): (readonly [string, string])[] {
    const given = new Set(own.map(([label]) => label));
    const added = Object.entries(this.#defaultLabels).filter(([label]) => !given.has(label));
    return added.map(([label, value]) => [label, String(value)] as const);
  }

  /** A metric that is none of this package's, as prom-client writes it. */
  #foreignText({ name, help, type, values }: MetricObjectWithValues<MetricValueWithName>): string {
    const isOpenMetrics = this.#isOpenMetrics;
    const family = familyName(name, type, isOpenMetrics);
    const isCounter = isOpenMetrics && type === "counter";
    const lines = (values ?? []).map(({ metricName = escapeHelp(family), labels = {}, value, exemplar }) => {
      const own = textsOf(labels);
      const all = bracketed([...own, ...this.#defaultsBeside(own)]);
      const line = `${metricName}${isCounter ? "_total" : ""}${all} ${formatNumber(value)}`;
      if (!exemplar || !isOpenMetrics) return `${line}\n`;
      const { labelSet, value: shown, timestamp } = exemplar;
      return `${line} # ${bracketed(textsOf(labelSet)) || "{}"} ${formatNumber(shown)} ${timestamp}\n`;
    });
    return header(family, help, type, isOpenMetrics).trimStart() + lines.join("");
  }
}

const textsOf = (labels: LabelValues<string>) =>
  Object.entries(labels).map(([label, text]) => [label, String(text)] as const);

const isContentType = (type: unknown): type is RegistryContentType => type === PROMETHEUS || type === OPENMETRICS;

const toExemplar = (exemplar: ExemplarValue | undefined) =>
  exemplar && {
    labels: Object.entries(exemplar.labelSet).map(([label, value]) => [label, String(value)] as const),
    value: exemplar.value,
    timestamp: exemplar.timestamp,
  };

/** The registry that metrics are in unless they say otherwise. */
export const register: Registry = new Registry();
