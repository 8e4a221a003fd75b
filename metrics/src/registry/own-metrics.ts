import { defineMetrics } from "../definition/catalogue.ts";

/** What the registry tells about itself: enough to alert on before data is lost. */
export const ownMetrics = defineMetrics({
  series: {
    name: "skopos_metrics_series",
    type: "gauge",
    help: "Label sets alive in all threads, which the series limit counts.",
    aggregate: "last",
  },
  seriesLimit: {
    name: "skopos_metrics_series_limit",
    type: "gauge",
    help: "Most label sets before new ones go to their metric's __overflow__ series.",
    aggregate: "last",
  },
  overflowed: {
    name: "skopos_metrics_overflowed_label_sets_total",
    type: "counter",
    help: "Times that a label set was refused and went to its metric's __overflow__ series.",
    labels: { metric: "any" },
  },
  unstored: {
    name: "skopos_metrics_unstored_series",
    type: "gauge",
    help: "Times that a label set found the shared memory full and went to its metric's __overflow__ series.",
    aggregate: "last",
  },
  exhausted: {
    name: "skopos_metrics_memory_exhausted",
    type: "gauge",
    help: "1 while the shared memory is full, so that new label sets go to their metric's __overflow__ series.",
    aggregate: "last",
  },
  memory: {
    name: "skopos_metrics_shared_memory_bytes",
    type: "gauge",
    help: "Shared memory committed for all threads' series.",
    unit: "bytes",
    aggregate: "last",
  },
  conflicts: {
    name: "skopos_metrics_conflicting_definitions",
    type: "gauge",
    help: "Metrics that a thread defines otherwise than another, whose series are left out.",
    aggregate: "last",
  },
});
