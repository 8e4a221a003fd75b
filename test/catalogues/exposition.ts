import type { RecordedMetric } from "../../lib/monitoring/catalogues/index.ts";

/** Metrics of a text exposition (https://prometheus.io/docs/instrumenting/exposition_formats/), sorted by name. */
export function metricsOf(text: string): Readonly<Record<string, RecordedMetric>> {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  const sets = new Map<string, Map<string, readonly string[]>>();
  for (const [, series = "", labels = ""] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/gm)) {
    const base = series.replace(/_(bucket|sum|count)$/, "");
    const name = types.has(series) ? series : base;
    const names = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = ""]) => label);
    const own = names.filter((label) => label !== "le" && label !== "quantile").sort();
    const known = sets.get(name) ?? new Map();
    sets.set(name, known.set(own.join(), own));
  }
  return Object.fromEntries(
    [...sets]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, labels]) => [name, { type: types.get(name) ?? "untyped", labels: [...labels.values()].sort() }]),
  );
}
