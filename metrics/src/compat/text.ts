import { escapeHelp, escapeValue } from "../exposition/names.ts";
import { formatNumber } from "../exposition/number.ts";
import type { Layout } from "../exposition/page.ts";
import type { FamilyView } from "../read/family.ts";

// Text as prom-client writes it, byte for byte but for NaN, which it writes "Nan".

type Labels = readonly (readonly [name: string, value: string])[];

/** Labels between braces, or nothing. */
export const bracketed = (labels: Labels): string =>
  labels.length === 0 ? "" : `{${labels.map(([label, value]) => `${label}="${escapeValue(value)}"`).join(",")}}`;

/** A counter's name in OpenMetrics has no `_total`; its lines have. */
export const familyName = (name: string, type: string, isOpenMetrics: boolean): string =>
  isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;

/** Begins with an empty line, which separates it from the metric before, unless the format forbids that. */
export const header = (name: string, help: string, type: string, isOpenMetrics: boolean): string =>
  `${isOpenMetrics ? "" : "\n"}# HELP ${escapeHelp(name)} ${escapeHelp(help)}\n# TYPE ${escapeHelp(name)} ${type}\n`;

/** Where each line's number is among the cells of a series, and what the line says before it. */
interface Line {
  readonly cell: number;
  readonly suffix: string;
  readonly extra?: readonly [string, string];
  readonly exemplar?: number;
}

function linesOf({ definition }: FamilyView, isOpenMetrics: boolean): Line[] {
  const { type, buckets, quantiles } = definition;
  switch (type) {
    case "histogram":
      return [
        ...[...buckets, Infinity].map(
          (bound, i): Line => ({ cell: i, suffix: "_bucket", extra: ["le", formatNumber(bound)], exemplar: i }),
        ),
        { cell: buckets.length + 1, suffix: "_sum" },
        { cell: buckets.length, suffix: "_count" },
      ];
    case "summary":
      return [
        ...quantiles.map((quantile, i): Line => ({ cell: i, suffix: "", extra: ["quantile", formatNumber(quantile)] })),
        { cell: quantiles.length, suffix: "_sum" },
        { cell: quantiles.length + 1, suffix: "_count" },
      ];
    default:
      return [{ cell: 0, suffix: isOpenMetrics && type === "counter" ? "_total" : "", exemplar: 0 }];
  }
}

/**
 * The layout of a metric.
 * @param labelsOf a series' own labels, and the registry's for what it has none of
 */
export function promClientLayout(
  view: FamilyView,
  isOpenMetrics: boolean,
  labelsOf: (i: number) => { readonly own: Labels; readonly added: Labels },
): Layout {
  const { name, help, type } = view.definition;
  const family = familyName(name, type, isOpenMetrics);
  const lines = linesOf(view, isOpenMetrics);
  const texts = (i: number): string[] => {
    const { own, added } = labelsOf(i);
    const starts = lines.map(({ suffix, extra }) => {
      // A bucket's bound comes first, the labels that all its lines share come last.
      const shared = type === "histogram" ? [...added, ...own] : [...own, ...added];
      return `${family}${suffix}${bracketed(extra ? [extra, ...shared] : shared)} `;
    });
    return [...starts.map((start, n) => (n === 0 ? start : `\n${start}`)), "\n"];
  };
  return {
    header: header(family, help, type, isOpenMetrics),
    pattern: lines.map(({ cell }) => cell),
    texts,
    exemplars: lines.map(({ exemplar }) => exemplar),
  };
}
