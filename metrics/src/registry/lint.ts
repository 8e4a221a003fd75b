import type { Registry } from "./registry.ts";

/** Something worth a look that is not an error. */
export interface Finding {
  readonly code: "LABEL_VALUES_MANY" | "SERIES_UNEXPECTED" | "SERIES_NEAR_LIMIT";
  /** The metric, or `metric.label`. */
  readonly path: string;
  readonly why: string;
}

/** Values of one label beyond which it is likely not a dimension but an identifier. */
const MOST_VALUES = 100;
/** Share of the series limit from which on the next deployment may lose detail. */
const NEAR_LIMIT = 0.8;

/**
 * Looks at the series that exist for labels with too many values (more than `mostValues`), for metrics with more series than they
 * were expected to have, and for a registry that is nearly full. Meant for tests and for a debug page, not for every scrape.
 *
 * @param mostValues values of one label. @default 100
 */
export function lint(registry: Registry, mostValues: number = MOST_VALUES): Finding[] {
  return registry.read(({ families }) => {
    const findings: Finding[] = [];
    for (const { definition, labels, series } of families) {
      labels.forEach((label, i) => {
        const count = new Set(series.map(({ values }) => values[i])).size;
        if (count <= mostValues) return;
        const why = `the label has ${count} values, more than ${mostValues}.`;
        findings.push({ code: "LABEL_VALUES_MANY", path: `${definition.name}.${label}`, why });
      });
      const expected = definition.expectedSeries;
      if (expected !== null && series.length > expected) {
        const why = `it has ${series.length} series, and ${expected} were expected.`;
        findings.push({ code: "SERIES_UNEXPECTED", path: definition.name, why });
      }
    }
    const { seriesCount, seriesLimit } = registry;
    if (seriesCount > seriesLimit * NEAR_LIMIT) {
      const why = `${seriesCount} of ${seriesLimit} label sets are in use.`;
      findings.push({ code: "SERIES_NEAR_LIMIT", path: "maxSeries", why });
    }
    return findings;
  });
}
