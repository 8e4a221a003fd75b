import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tier } from "../tiers.ts";
import { run } from "./processes.ts";
import { type Failure, type Report, readReport, reportVariable, withSecondRun } from "./report.ts";

/** Result of a step of a test run. */
export interface Step {
  readonly name: string;
  readonly report: Report;
  readonly seconds: number;
  /** User and system time of all its processes. */
  readonly cpuSeconds: number;
}

/** What the commands of a step reported, and the CPU time that they used. */
interface Result {
  readonly report: Report;
  readonly cpuSeconds: number;
}

/** Checks other than tests; each counts as one test. */
const checks = [
  {
    name: "format and lint",
    command: ["@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
    fix: "npm run fix repairs format and imports",
  },
  { name: "types", command: ["typescript/bin/tsc", "--noEmit"], fix: "tsc names the lines" },
  {
    name: "import graph",
    command: ["dependency-cruiser/bin/dependency-cruiser.mjs", "--output-type=err-long", "."],
    fix: ".dependency-cruiser.mjs says what it must not have, and why",
  },
  {
    name: "unused code and packages",
    command: ["knip/bin/knip.js", "--no-progress"],
    fix: "npx knip --fix --fix-type exports,types removes unused exports; knip.jsonc lists entry points",
  },
] as const;

/** Runs formatter, linter, type checker and the checks of the import graph and of unused code. */
export function runChecks(root: string): Promise<Step> {
  return timed("checks", async () => {
    const failures: Failure[] = [];
    let total = 0;
    for (const { name, command, fix } of checks) {
      const [script, ...args] = command;
      const { code, cpuSeconds } = await run(process.execPath, [join(root, "node_modules", script), ...args], {
        cwd: root,
      });
      total += cpuSeconds;
      if (code !== 0) failures.push({ name, message: `see above; ${fix}` });
    }
    return { report: { passed: checks.length - failures.length, failures, skips: [] }, cpuSeconds: total };
  });
}

/**
 * Runs the tests of a tier with vitest, with progress on stderr. A file in which Node.js itself crashed is run again: V8
 * of Node.js 24 crashes occasionally (`Check failed: jit_page.has_value()`) when a worker thread is terminated while it
 * compiles, as in the tests of dying threads.
 */
export function runTier(tier: Tier, root: string, paths: readonly string[]): Promise<Step> {
  return timed(tier.name, async () => {
    const first = await runVitest(tier, root, paths);
    const { crashed } = first.report;
    if (!crashed?.length) return first;
    console.error(`\nNode itself crashed; once more: ${crashed.join(", ")}`);
    const second = await runVitest(tier, root, crashed);
    return {
      report: withSecondRun(first.report, second.report),
      cpuSeconds: first.cpuSeconds + second.cpuSeconds,
    };
  });
}

async function runVitest(tier: Tier, root: string, paths: readonly string[]): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "skopos-test-"));
  try {
    const file = join(folder, "report.json");
    const { code, cpuSeconds } = await run(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        `--project=${tier.name}`,
        "--reporter=default",
        `--reporter=${join(root, "test/runner/reporter.ts")}`,
        ...paths,
      ],
      { cwd: root, env: { ...process.env, [reportVariable]: file } },
    );
    const report = readReport(existsSync(file) ? readFileSync(file, "utf8") : undefined, code);
    return { report, cpuSeconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(name: string, work: () => Promise<Result>): Promise<Step> {
  console.error(`\n== ${name}`);
  const started = Date.now();
  const result = await work();
  return { name, ...result, seconds: (Date.now() - started) / 1000 };
}
