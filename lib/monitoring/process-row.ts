import type { Row } from "./dashboard.ts";

/** Names of the metrics of CPU seconds and resident memory of a process. */
export interface ProcessSeries {
  readonly cpu: string;
  readonly memory: string;
}

/** Names in the Prometheus client libraries. */
export const clientProcess: ProcessSeries = {
  cpu: "process_cpu_seconds_total",
  memory: "process_resident_memory_bytes",
};

/** Names in an OpenTelemetry collector, and in programs based on one. */
export const collectorProcess: ProcessSeries = {
  cpu: "otelcol_process_cpu_seconds_total",
  memory: "otelcol_process_memory_rss_bytes",
};

/**
 * The last row of a component's dashboard: CPU and memory of its pods, collapsed.
 * @param own matchers of its series
 * @param busiest number of pods that are shown, if there is one per node. @default all
 */
export function processRow(own: string, { cpu, memory }: ProcessSeries, busiest?: number): Row {
  const shown = (query: string) => (busiest ? `topk(${busiest}, ${query})` : query);
  const title = (of: string) => (busiest ? `${of}, by the busiest pods` : of);
  const legend = "{{pod}}";
  return {
    title: "Processes",
    collapsed: true,
    panels: [
      {
        type: "timeseries",
        title: title("CPU"),
        unit: "short",
        min: 0,
        queries: [{ promql: shown(`sum by (pod) (rate(${cpu}{${own}}[$__rate_interval]))`), legend }],
      },
      {
        type: "timeseries",
        title: title("Memory"),
        unit: "bytes",
        min: 0,
        queries: [{ promql: shown(`${memory}{${own}}`), legend }],
      },
    ],
  };
}
