import type { FamilyView } from "../read/family.ts";
import { type Escaping, escapeHelp, escapeName, quotedName, seriesText } from "./names.ts";
import { formatNumber } from "./number.ts";
import type { Layout } from "./page.ts";

const TYPES = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  // The format has no native histograms: its count and sum are still a histogram of one bucket.
  exponential_histogram: "histogram",
  summary: "summary",
  info: "gauge",
  stateset: "gauge",
} as const;

/** Labels of series `i` of a family, names escaped. */
export function labelsOf(family: FamilyView, i: number, escaping: Escaping): [string, string][] {
  const series = family.series[i]!;
  return family.labels.map((label, n) => [escapeName(label, escaping), series.values[n]!]);
}

/**
 * A metric in the Prometheus text format 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function textLayout(family: FamilyView, escaping: Escaping): Layout {
  const { definition } = family;
  const name = escapeName(definition.name, escaping);
  const title = quotedName(name);
  const header = `# HELP ${title} ${escapeHelp(definition.help)}\n# TYPE ${title} ${TYPES[definition.type]}\n`;
  const lines = (i: number, made: readonly (readonly [suffix: string, extra?: [string, string]])[]): string[] => {
    const labels = labelsOf(family, i, escaping);
    const starts = made.map(([suffix, extra]) => `${seriesText(name + suffix, extra ? [...labels, extra] : labels)} `);
    return [...starts.map((start, n) => (n === 0 ? start : `\n${start}`)), "\n"];
  };
  switch (definition.type) {
    case "histogram": {
      const { buckets } = definition;
      const made = [...buckets, Infinity].map(
        (bound) => ["_bucket", ["le", formatNumber(bound)]] as [string, [string, string]],
      );
      const count = buckets.length;
      const pattern = [...made.keys(), count + 1, count];
      return { header, pattern, texts: (i) => lines(i, [...made, ["_sum"], ["_count"]]) };
    }
    case "exponential_histogram":
      return {
        header,
        pattern: [0, 1, 0],
        texts: (i) => lines(i, [["_bucket", ["le", "+Inf"]], ["_sum"], ["_count"]]),
      };
    case "summary": {
      const made = definition.quantiles.map((q) => ["", ["quantile", formatNumber(q)]] as [string, [string, string]]);
      const pattern = Array.from({ length: made.length + 2 }, (_, n) => n);
      return { header, pattern, texts: (i) => lines(i, [...made, ["_sum"], ["_count"]]) };
    }
    case "stateset": {
      const made = definition.states.map((state) => ["", [name, state]] as [string, [string, string]]);
      return { header, pattern: [...made.keys()], texts: (i) => lines(i, made) };
    }
    default:
      return { header, pattern: [0], texts: (i) => lines(i, [[""]]) };
  }
}
