/** What one tier's run came to. */
export interface Report {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** Files in whose process Node itself crashed: none of their tests is counted. @default none */
  readonly crashed?: readonly string[];
}

/** A test that failed, or a file, hook or stray promise that failed outside of one. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A test that did not run, and what it said about why. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** Environment variable with the path that `reporter.ts` writes its {@link Report} to. */
export const reportVariable = "SKOPOS_TEST_REPORT";

/** Shown for a test that was skipped without a note: `test.skip(...)`, or a file that others in it failed. */
export const noReason = "no reason given";

/**
 * Reads what the reporter wrote.
 *
 * @param text the report, or undefined when the runner ended without one (a crash, a configuration that does not load)
 * @param exitCode of the runner: a run that calls itself failed is never a green report
 */
export function readReport(text: string | undefined, exitCode: number | null): Report {
  if (text === undefined) {
    return { passed: 0, failures: [{ name: "vitest", message: `ended with ${exitCode}, no report` }], skips: [] };
  }
  const report = JSON.parse(text) as Report;
  if (exitCode !== 0 && report.failures.length === 0 && !report.crashed?.length) {
    return { ...report, failures: [{ name: "vitest", message: `ended with ${exitCode} though no test failed` }] };
  }
  return report;
}

/** The report of a run and that of the files of it that were run once more. Who crashes twice has failed. */
export function withSecondRun(first: Report, second: Report): Report {
  const again = (second.crashed ?? []).map((name) => ({ name, message: "Node crashed in it, twice" }));
  return {
    passed: first.passed + second.passed,
    failures: [...first.failures, ...second.failures, ...again],
    skips: [...first.skips, ...second.skips],
  };
}

/** The last line of a run: the sums over all reports. */
export function totals(reports: readonly Report[]): string {
  const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
  const failed = sum((report) => report.failures.length);
  return `${sum((report) => report.passed)} passed, ${failed} failed, ${sum((report) => report.skips.length)} skipped`;
}
