import type { Build } from "../binaries/build.ts";
import type { LeftOut } from "./plan.ts";
import { totals } from "./report.ts";
import type { Step } from "./steps.ts";

/**
 * What a run prints to stdout: failures, skips and left-out tiers with their reasons, a table of the steps with their
 * duration and CPU time, the CPU time of each build, and finally the line `N passed, N failed, N skipped`.
 *
 * @param required whether a left-out tier counts as a failure
 * @param built the programs that this run compiled. @default none
 */
export function summary(
  steps: readonly Step[],
  leftOut: readonly LeftOut[],
  required: boolean,
  built: readonly Build[] = [],
): readonly string[] {
  const lines: string[] = [];
  for (const { report } of steps) {
    for (const { name, reason } of report.skips) lines.push(`skipped: ${name}: ${reason}`);
    for (const { name, message } of report.failures) lines.push(`failed: ${name}: ${message.split("\n")[0]}`);
  }
  for (const { tier, reasons, command } of leftOut) {
    lines.push(`${required ? "failed" : "left out"}: tier ${tier.name} (${tier.proves})`);
    lines.push(`  why: ${reasons.join("; ")}`);
    if (command !== undefined) lines.push(`  run: ${command}`);
  }
  if (leftOut.some(({ command }) => command !== undefined) && !required) {
    lines.push("to run everything, on Debian as root: SKOPOS_REQUIRE=all npm test");
  }
  lines.push("", "tier            passed  failed  skipped        time         CPU");
  for (const { name, report, seconds, cpuSeconds } of steps) {
    const counts = [report.passed, report.failures.length, report.skips.length];
    const [passed, failed, skipped] = counts.map(String);
    lines.push(
      `${name.padEnd(14)}${passed!.padStart(8)}${failed!.padStart(8)}${skipped!.padStart(9)}${duration(seconds).padStart(12)}${duration(cpuSeconds).padStart(12)}`,
    );
  }
  if (built.length > 0) {
    const costs = built.map((build) => `${build.name} ${duration(build.cpuSeconds)}`);
    lines.push("", `CPU time of builds: ${costs.join(", ")}`);
  }
  const missing = {
    passed: 0,
    failures: required ? leftOut.map(({ tier }) => ({ name: tier.name, message: "left out" })) : [],
    skips: [],
  };
  lines.push("", totals([...steps.map((step) => step.report), missing]));
  return lines;
}

/** `12 s`, or `3 min 05 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
