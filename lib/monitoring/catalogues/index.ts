import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a real program exposed: recorded by `npm run catalogues`, never written by hand. */
export interface Catalogue {
  readonly program: string;
  readonly version: string;
  /** By name: a histogram's without `_bucket`, `_sum` and `_count`. */
  readonly metrics: Readonly<Record<string, RecordedMetric>>;
}

/** One metric of a program. */
export interface RecordedMetric {
  readonly type: string;
  /** Each set of label names that its series had, without those of the target, `le` and `quantile`. */
  readonly labels: readonly (readonly string[])[];
}

/** Every recorded program: the generated files beside this one. */
export const catalogues: readonly Catalogue[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".generated.json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")));

/** Catalogue of a program. @throws Error when it was not recorded */
export function catalogueOf(program: string): Catalogue {
  const found = catalogues.find((catalogue) => catalogue.program === program);
  if (!found) throw new Error(`${program} is not recorded: npm run catalogues`);
  return found;
}

/** Label sets of a series by its full name, `le` and `quantile` included; undefined where no recorded program has it. */
export function recordedLabels(series: string): readonly (readonly string[])[] | undefined {
  const found = catalogues.flatMap(({ metrics }) => labelsIn(metrics, series));
  return found.length > 0 ? found : undefined;
}

/** The recorded programs that expose a series of this name with these labels, and maybe others. */
export const programsOf = (series: string, labels: readonly string[] = []): readonly string[] =>
  catalogues
    .filter(({ metrics }) => labelsIn(metrics, series).some((set) => labels.every((label) => set.includes(label))))
    .map(({ program }) => program);

/** Whether a series is recorded as a counter (also a part of a histogram or summary), or as a gauge; undefined where neither is sure. */
export function recordedKind(series: string): "counter" | "gauge" | undefined {
  const types = new Set(
    catalogues.flatMap(({ metrics }) =>
      labelsIn(metrics, series).length > 0 ? [metrics[series]?.type ?? "counter"] : [],
    ),
  );
  const [type] = types;
  return types.size === 1 && (type === "counter" || type === "gauge") ? type : undefined;
}

function labelsIn(metrics: Catalogue["metrics"], series: string): readonly (readonly string[])[] {
  const [, base = series, suffix] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const family = metrics[base];
  if (suffix && family && (family.type === "histogram" || (family.type === "summary" && suffix !== "bucket")))
    return suffix === "bucket" ? family.labels.map((labels) => [...labels, "le"]) : family.labels;
  const metric = metrics[series];
  return (metric?.labels ?? []).map((labels) => (metric?.type === "summary" ? [...labels, "quantile"] : labels));
}
