import type { Unit } from "./grafana.ts";
import type { PanelBase, StatPanel, Thresholds, TimeSeriesPanel } from "./panel.ts";

/** A counter whose rate a panel shows. */
export interface Counted {
  readonly counter: string;
  /** Matchers beyond the panel's: `exporter="jaeger"`. @default none */
  readonly where?: string;
  /** What is counted, in the legend after the labels. Required if a panel has several counters. @default the labels alone */
  readonly name?: string;
}

/** A panel of rates, as {@link ratePanel} takes it. */
export interface RatePanelProps extends PanelBase {
  /** Matchers of the component's series. */
  readonly own: string;
  /** Labels to sum by, `"pod"` or `"user, reason"`, one line each. @default all in one line */
  readonly by?: string;
  readonly counters: readonly Counted[];
  /** @default "cps": events per second */
  readonly unit?: Unit;
  /** Number of lines that are shown, if there is one per node. @default all */
  readonly busiest?: number;
  /** Stack the lines, for parts of a whole. @default false */
  readonly stack?: boolean;
}

/** Rates of counters over time. */
export function ratePanel({
  own,
  by,
  counters,
  unit = "cps",
  busiest,
  stack,
  ...panel
}: RatePanelProps): TimeSeriesPanel {
  const shown = (query: string) => (busiest ? `topk(${busiest}, ${query})` : query);
  return {
    type: "timeseries",
    unit,
    min: 0,
    ...(stack && { stack }),
    ...panel,
    queries: counters.map(({ counter, where, name }) => ({
      promql: shown(summedRate(counter, where ? `${own}, ${where}` : own, by)),
      legend: [labelsLegend(by), name].filter(Boolean).join(": "),
    })),
  };
}

/** A stat of one counter, as {@link rateStat} takes it. */
export interface RateStatProps extends PanelBase {
  /** Matchers of the series. */
  readonly own: string;
  readonly counter: string;
  /** @default "cps": events per second */
  readonly unit?: Unit;
  readonly noValue?: string;
  readonly thresholds?: Thresholds;
}

/** Current rate of one counter, summed over all its series. */
export function rateStat({ own, counter, unit = "cps", ...panel }: RateStatProps): StatPanel {
  return { type: "stat", unit, ...panel, queries: [{ promql: `sum(rate(${counter}{${own}}[5m]))` }] };
}

/** A panel of durations, as {@link latencyPanel} takes it. */
export interface LatencyPanelProps extends PanelBase {
  readonly own: string;
  /** Labels that distinguish the lines. */
  readonly by: string;
  /** The histogram, without `_bucket`; in seconds. */
  readonly histogram: string;
}

/** The 99th percentile of a histogram of durations, over time. */
export function latencyPanel({ own, by, histogram, ...panel }: LatencyPanelProps): TimeSeriesPanel {
  const promql = `histogram_quantile(0.99, ${summedRate(`${histogram}_bucket`, own, `le, ${by}`)})`;
  return { type: "timeseries", unit: "s", min: 0, ...panel, queries: [{ promql, legend: labelsLegend(by) }] };
}

/** With Grafana's rate interval: at least four scrapes, at any zoom level. */
function summedRate(counter: string, matchers: string, by?: string): string {
  return `sum${by ? ` by (${by}) ` : ""}(rate(${counter}{${matchers}}[$__rate_interval]))`;
}

/** `pod, exporter` to `{{pod}} {{exporter}}`. */
function labelsLegend(by = ""): string {
  return by.replaceAll(/\w+/g, "{{$&}}").replaceAll(",", "");
}
