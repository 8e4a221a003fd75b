import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What a real program exposed: recorded by `npm run catalogues`, never written by hand. */
export interface Catalogue {
  readonly program: string;
  readonly version: string;
  /** Pattern of the names of all its metrics: a name of this form that was not recorded does not exist. */
  readonly names: string;
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
const catalogues: readonly Catalogue[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".generated.json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")));

/** Label sets of a series by its full name, `le` included: none where it does not exist, undefined where no recorded program has such names. */
export function recordedLabels(series: string): readonly (readonly string[])[] | undefined {
  const found = catalogues.flatMap(({ metrics }) => labelsIn(metrics, series));
  return found.length > 0 || catalogues.some(({ names }) => new RegExp(names).test(series)) ? found : undefined;
}

function labelsIn(metrics: Catalogue["metrics"], series: string): readonly (readonly string[])[] {
  const [, base = series, suffix] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const family = metrics[base];
  if (suffix && family && (family.type === "histogram" || (family.type === "summary" && suffix !== "bucket")))
    return suffix === "bucket" ? family.labels.map((labels) => [...labels, "le"]) : family.labels;
  const metric = metrics[series];
  return (metric?.labels ?? []).map((labels) => (metric?.type === "summary" ? [...labels, "quantile"] : labels));
}
