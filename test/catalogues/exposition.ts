import type { RecordedMetric } from "../../lib/monitoring/catalogues/index.ts";

/** Texts that programs exposed, by program: one of each process. */
export type Expositions = Readonly<Record<string, readonly string[]>>;

/** Texts by program. */
export function grouped(texts: Iterable<readonly [program: string, text: string]>): Expositions {
  const found = new Map<string, string[]>();
  for (const [program, text] of texts) found.set(program, [...(found.get(program) ?? []), text]);
  return Object.fromEntries(found);
}

/** Metrics of text expositions (https://prometheus.io/docs/instrumenting/exposition_formats/), sorted by name. */
export function metricsOf(...texts: readonly string[]): Readonly<Record<string, RecordedMetric>> {
  const types = new Map<string, string>();
  const sets = new Map<string, Set<string>>();
  for (const text of texts) {
    for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) types.set(name, type);
    for (const [, series = "", labels = ""] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/gm)) {
      const name = types.has(series) ? series : series.replace(/_(bucket|sum|count)$/, "");
      const names = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = ""]) => label);
      const own = names.filter((label) => label !== "le" && label !== "quantile").sort();
      sets.set(name, (sets.get(name) ?? new Set()).add(own.join()));
    }
  }
  return sorted(
    [...sets].map(([name, labels]) => [name, { type: types.get(name) ?? "untyped", labels: split(labels) }]),
  );
}

/** Two recordings of one program as one: a metric has the label sets of both. */
export function merged(
  before: Readonly<Record<string, RecordedMetric>>,
  now: Readonly<Record<string, RecordedMetric>>,
): Readonly<Record<string, RecordedMetric>> {
  return sorted(
    Object.keys({ ...before, ...now }).map((name) => {
      const labels = [before[name], now[name]].flatMap((metric) => metric?.labels ?? []);
      return [
        name,
        { type: (now[name] ?? before[name])!.type, labels: split(new Set(labels.map((set) => set.join()))) },
      ];
    }),
  );
}

const split = (sets: Iterable<string>) => [...sets].sort().map((set) => (set === "" ? [] : set.split(",")));

const sorted = (metrics: [string, RecordedMetric][]) =>
  Object.fromEntries(metrics.sort(([a], [b]) => (a < b ? -1 : 1)));
