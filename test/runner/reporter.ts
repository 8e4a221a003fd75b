import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";
import { type Failure, noReason, type Report, reportVariable, type Skip } from "./report.ts";

/** Writes a tier's {@link Report}: unlike vitest's JSON it keeps the note of a skip and errors outside of tests. */
export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env[reportVariable];
    if (path !== undefined) writeFileSync(path, JSON.stringify(summarize(modules, unhandled)));
  }
}

/** Sums the modules of one run up. */
export function summarize(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Report {
  let passed = 0;
  const failures: Failure[] = unhandled.map(({ message }) => ({ name: "outside of any test", message }));
  const skips: Skip[] = [];
  for (const module of modules) {
    const file = relative(process.cwd(), module.moduleId);
    const suites = [...module.children.allSuites()];
    for (const error of [module, ...suites].flatMap((part) => part.errors())) {
      failures.push({ name: file, message: error.message });
    }
    for (const test of module.children.allTests()) {
      const name = `${file} > ${test.fullName}`;
      const result = test.result();
      if (result.state === "passed") passed++;
      else if (result.state === "failed") failures.push({ name, message: result.errors[0]?.message ?? "" });
      else if (result.state === "skipped") skips.push({ name, reason: result.note ?? noReason });
      else failures.push({ name, message: "did not finish" });
    }
  }
  return { passed, failures, skips };
}
