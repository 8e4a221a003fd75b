import type { Finding } from "./finding.ts";
import { outOfRange } from "./findings.ts";
import type { Workload } from "./workload.ts";

/** Dimensions that a workload may lack: a cluster without logs, spans, flows or queries. */
const mayBeZero: readonly (keyof Workload)[] = [
  "logBytesPerDay",
  "spansPerSecond",
  "flowsPerSecondPerNode",
  "queriesPerSecond",
];

/** Finds dimensions of a workload that are not valid amounts, so that no size can be computed from them. */
export function validateWorkload(workload: Workload): readonly Finding[] {
  return (Object.keys(workload) as (keyof Workload)[]).flatMap((dimension) => {
    const value = workload[dimension];
    const zero = mayBeZero.includes(dimension);
    if (Number.isFinite(value) && (zero ? value >= 0 : value > 0)) return [];
    return [
      outOfRange(`workload.${dimension}`, String(value), zero ? "zero or more" : "more than zero", zero ? "0" : "1"),
    ];
  });
}

/** Finds numbers of pods that are not whole or below one. @param counts by prop; undefined values are computed */
export function validateCounts(counts: Readonly<Record<string, number | undefined>>): readonly Finding[] {
  return Object.entries(counts).flatMap(([at, count]) =>
    count === undefined || (Number.isInteger(count) && count >= 1)
      ? []
      : [outOfRange(at, String(count), "a whole number of at least 1", "1")],
  );
}
