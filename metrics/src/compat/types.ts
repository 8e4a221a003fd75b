// Types as prom-client 15.1.3 declares them (https://github.com/siimon/prom-client/blob/v15.1.3/index.d.ts), under its names.

export type Charset = "utf-8";
export type PrometheusMIME = "text/plain";
export type PrometheusMetricsVersion = "0.0.4";
export type OpenMetricsMIME = "application/openmetrics-text";
export type OpenMetricsVersion = "1.0.0";
export type PrometheusContentType = `${PrometheusMIME}; version=${PrometheusMetricsVersion}; charset=${Charset}`;
export type OpenMetricsContentType = `${OpenMetricsMIME}; version=${OpenMetricsVersion}; charset=${Charset}`;
export type RegistryContentType = PrometheusContentType | OpenMetricsContentType;

/** How the values of several processes become one. */
export type Aggregator = "omit" | "sum" | "first" | "min" | "max" | "average";

/** Called with the metric as `this` before each scrape. */
export type CollectFunction<T> = (this: T) => void | Promise<void>;
export type Collector = () => void;

/** Labels of one series; those left out are not exposed. */
export type LabelValues<T extends string = string> = Partial<Record<T, string | number>>;

/** One value, as `get` gives it. */
export interface MetricValue<T extends string = string> {
  value: number;
  labels: LabelValues<T>;
}

/** A value whose line has another name than its metric, such as a bucket. */
export type MetricValueWithName<T extends string = string> = MetricValue<T> & {
  metricName?: string;
  exemplar?: ExemplarValue | null | undefined;
};

/** An example of what was counted. */
export interface ExemplarValue {
  labelSet: LabelValues<string>;
  value: number;
  /** Seconds since the epoch. */
  timestamp: number;
}

/** A metric as plain data. */
export interface MetricObject {
  name: string;
  help: string;
  /** In prom-client's types a number, although it is this text. */
  type: string;
  aggregator: Aggregator;
  // biome-ignore lint/suspicious/noExplicitAny: as prom-client declares it
  collect?: CollectFunction<any> | undefined;
}

export interface MetricObjectWithValues<T extends MetricValue<string>> extends MetricObject {
  values: T[];
}

/** What `inc` takes when exemplars are enabled. */
export interface IncreaseDataWithExemplar<T extends string> {
  value?: number;
  labels?: LabelValues<T>;
  exemplarLabels?: LabelValues<string>;
}

/** What `observe` takes when exemplars are enabled. */
export interface ObserveDataWithExemplar<T extends string> {
  value: number;
  labels?: LabelValues<T>;
  exemplarLabels?: LabelValues<string>;
}
