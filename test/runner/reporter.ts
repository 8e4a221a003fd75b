import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";
import { type Failure, noReason, type Report, reportVariable, type Skip } from "./report.ts";

/** Writes a tier's {@link Report}. Unlike vitest's JSON report, it contains reasons of skips and errors outside of tests. */
export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env[reportVariable];
    if (path !== undefined) writeFileSync(path, JSON.stringify(summarize(modules, unhandled)));
  }
}

/** How vitest reports that a signal which Node.js raises on a fatal error ended the process of a file. */
const fatal = /exited unexpectedly with signal SIG(?:TRAP|ILL|SEGV|ABRT|BUS) .*while running test file (\S+)/;

const whole = ({ message, cause }: SerializedError): string =>
  [message, (cause as SerializedError | undefined)?.message].filter((part) => part).join(" ");

/** Summarizes the modules of one run. Names the files in which Node.js crashed, without counting their tests. */
export function summarize(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Report {
  let passed = 0;
  const messages = unhandled.map(whole);
  const crashed = messages
    .flatMap((message) => fatal.exec(message)?.[1] ?? [])
    .map((file) => relative(process.cwd(), file));
  const failures: Failure[] = messages
    .filter((message) => !fatal.test(message))
    .map((message) => ({ name: "outside of any test", message }));
  const skips: Skip[] = [];
  for (const module of modules) {
    const file = relative(process.cwd(), module.moduleId);
    if (crashed.includes(file)) continue;
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
  return { passed, failures, skips, crashed };
}
