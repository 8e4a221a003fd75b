import type { Definition } from "../definition/definition.ts";
import { type Exemplar, readExemplars } from "../read/exemplars.ts";
import type { FamilyView } from "../read/family.ts";
import { type Escaping, escapeName, escapeValue, labelsText, quotedName, seriesText } from "./names.ts";
import { formatFloat, formatNumber } from "./number.ts";
import type { Layout } from "./page.ts";
import { labelsOf } from "./text.ts";

const TYPES = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  // OpenMetrics 1.0 has no native histograms: its count and sum are still a histogram of one bucket.
  exponential_histogram: "histogram",
  summary: "summary",
  info: "info",
  stateset: "stateset",
} as const;

/** The name of a metric's family: a counter's without `_total`, an info's without `_info`. Only theirs: a gauge keeps its name. */
function familyName({ name, type }: Definition): string {
  if (type === "counter" && name.endsWith("_total")) return name.slice(0, -"_total".length);
  if (type === "info" && name.endsWith("_info")) return name.slice(0, -"_info".length);
  return name;
}

/** One line of a series. */
interface Sample {
  readonly suffix: string;
  readonly extra?: readonly [string, string];
  /** Which cell of the series it shows. */
  readonly cell: number;
  /** Which exemplar belongs to it. */
  readonly exemplar?: number;
}

function samplesOf(definition: Definition, name: string): readonly Sample[] {
  switch (definition.type) {
    case "counter":
      return [{ suffix: "_total", cell: 0, exemplar: 0 }];
    case "info":
      return [{ suffix: "_info", cell: 0 }];
    case "histogram": {
      const bounds = [...definition.buckets, Infinity];
      const buckets = bounds.map((bound, i) => ({
        suffix: "_bucket",
        extra: ["le", bound === Infinity ? "+Inf" : formatFloat(bound)] as const,
        cell: i,
        exemplar: i,
      }));
      return [...buckets, { suffix: "_sum", cell: bounds.length }, { suffix: "_count", cell: bounds.length - 1 }];
    }
    case "exponential_histogram":
      return [
        { suffix: "_bucket", extra: ["le", "+Inf"], cell: 0 },
        { suffix: "_sum", cell: 1 },
        { suffix: "_count", cell: 0 },
      ];
    case "summary": {
      const { quantiles } = definition;
      const made = quantiles.map((q, i) => ({ suffix: "", extra: ["quantile", formatFloat(q)] as const, cell: i }));
      return [...made, { suffix: "_sum", cell: quantiles.length }, { suffix: "_count", cell: quantiles.length + 1 }];
    }
    case "stateset":
      return definition.states.map((state, i) => ({ suffix: "", extra: [name, state] as const, cell: i }));
    default:
      return [{ suffix: "", cell: 0 }];
  }
}

const HAVE_CREATED: ReadonlySet<string> = new Set(["counter", "histogram", "exponential_histogram", "summary"]);

/** A metric in OpenMetrics 1.0: https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md */
export function openMetricsLayout(family: FamilyView, escaping: Escaping): Layout {
  const { definition } = family;
  const name = escapeName(familyName(definition), escaping);
  const title = quotedName(name);
  const unit = definition.unit && name.endsWith(`_${definition.unit}`) ? `# UNIT ${title} ${definition.unit}\n` : "";
  const header = `# TYPE ${title} ${TYPES[definition.type]}\n${unit}# HELP ${title} ${escapeValue(definition.help)}\n`;
  const samples = samplesOf(definition, name);
  const texts = (i: number): string[] => {
    const labels = labelsOf(family, i, escaping);
    const starts = samples.map(
      ({ suffix, extra }) => `${seriesText(name + suffix, extra ? [...labels, extra] : labels)} `,
    );
    const created = family.series[i]!.created;
    const end = HAVE_CREATED.has(definition.type)
      ? `\n${seriesText(`${name}_created`, labels)} ${created / 1000}\n`
      : "\n";
    return [...starts.map((start, n) => (n === 0 ? start : `\n${start}`)), end];
  };
  return {
    header,
    pattern: samples.map((sample) => sample.cell),
    texts,
    exemplars: samples.map(({ exemplar }) => exemplar),
  };
}

/** The same with exemplars, whose text changes from scrape to scrape: written afresh each time. */
export function openMetricsWithExemplars(
  family: FamilyView,
  { header, pattern, texts, exemplars: cells = [] }: Layout,
  values: Float64Array,
  stride: number,
): string {
  let text = header;
  family.series.forEach((series, i) => {
    const exemplars = family.exemplarsOf?.(series) ?? readExemplars(family.definition, series);
    const pieces = texts(i);
    pattern.forEach((cell, n) => {
      text += pieces[n] + formatNumber(values[i * stride + cell]!) + exemplarText(exemplars[cells[n] ?? -1]);
    });
    text += pieces[pattern.length];
  });
  return text;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return "";
  return ` # ${labelsText(exemplar.labels)} ${formatNumber(exemplar.value)} ${exemplar.timestamp}`;
}
