/** The result of one tier. */
export interface Report {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** Files in whose process Node.js crashed. Their tests are not counted. @default none */
  readonly crashed?: readonly string[];
}

/** A failed test, or an error in a file, hook or promise outside of a test. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A test that was skipped, with its reason. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** Environment variable with the path that `reporter.ts` writes its {@link Report} to. */
export const reportVariable = "SKOPOS_TEST_REPORT";

/** Reason of a test that was skipped without a note: `test.skip(...)`, or because something else in its file failed. */
export const noReason = "no reason given";

/**
 * Reads the report of a run.
 *
 * @param text the report; undefined if the runner ended without one (a crash or an invalid configuration)
 * @param exitCode exit code of the runner: if it is not 0, the report contains a failure
 */
export function readReport(text: string | undefined, exitCode: number | null): Report {
  if (text === undefined) {
    return {
      passed: 0,
      failures: [{ name: "vitest", message: `exited with ${exitCode} and wrote no report` }],
      skips: [],
    };
  }
  const report = JSON.parse(text) as Report;
  if (exitCode !== 0 && report.failures.length === 0 && !report.crashed?.length) {
    return { ...report, failures: [{ name: "vitest", message: `exited with ${exitCode} although no test failed` }] };
  }
  return report;
}

/** Merges the report of a run with that of its crashed files, which were run again. A file that crashes twice has failed. */
export function withSecondRun(first: Report, second: Report): Report {
  const again = (second.crashed ?? []).map((name) => ({ name, message: "Node.js crashed twice in this file" }));
  return {
    passed: first.passed + second.passed,
    failures: [...first.failures, ...second.failures, ...again],
    skips: [...first.skips, ...second.skips],
  };
}

/** The last line of a run: totals over all reports. */
export function totals(reports: readonly Report[]): string {
  const sum = (count: (report: Report) => number) => reports.reduce((total, report) => total + count(report), 0);
  const failed = sum((report) => report.failures.length);
  return `${sum((report) => report.passed)} passed, ${failed} failed, ${sum((report) => report.skips.length)} skipped`;
}
