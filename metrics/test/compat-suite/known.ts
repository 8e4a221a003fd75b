/** Tests of files that only prom-client has inside. */
export const INTERNAL_FILES: readonly string[] = ["utilTest", "timeWindowQuantilesTest", "validationTest"];

/** Tests that do not pass, by a part of file and name, and why they should not. */
export const KNOWN_FAILURES: readonly { readonly test: string; readonly reason: string }[] = [
  {
    test: "should handle and output a metric with a NaN value",
    reason: "prom-client writes `Nan`; the formats' own word is `NaN`. Prometheus reads both.",
  },
  {
    test: "should correctly calculate percentiles when more values are added to the summary",
    reason: "The median of 50, 50, 100, 100, 100 is 100; prom-client's digest says 80.",
  },
  {
    test: "should correctly use calculate other percentiles when configured",
    reason: "The same observations.",
  },
];
