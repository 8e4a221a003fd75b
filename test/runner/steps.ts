import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tier } from "../tiers.ts";
import { run } from "./processes.ts";
import { type Failure, type Report, readReport, reportVariable, withSecondRun } from "./report.ts";

/** A step of a run and what came of it. */
export interface Step {
  readonly name: string;
  readonly report: Report;
  readonly seconds: number;
}

/** The checks that need no tests: each counts as one. */
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
] as const;

/** Runs formatter, linter, type checker and the check of the import graph. */
export function runChecks(root: string): Promise<Step> {
  return timed("checks", async () => {
    const failures: Failure[] = [];
    for (const { name, command, fix } of checks) {
      const [script, ...args] = command;
      const code = await run(process.execPath, [join(root, "node_modules", script), ...args], { cwd: root });
      if (code !== 0) failures.push({ name, message: `see above; ${fix}` });
    }
    return { passed: checks.length - failures.length, failures, skips: [] };
  });
}

/**
 * Runs a tier's tests with vitest; its progress goes to stderr. A file in which Node itself crashed is run once more:
 * V8 24 dies now and then (`Check failed: jit_page.has_value()`) when a worker thread is ended while it compiles, which
 * is what the tests of dying threads do.
 */
export function runTier(tier: Tier, root: string, paths: readonly string[]): Promise<Step> {
  return timed(tier.name, async () => {
    const first = await runVitest(tier, root, paths);
    if (!first.crashed?.length) return first;
    console.error(`\nNode itself crashed; once more: ${first.crashed.join(", ")}`);
    return withSecondRun(first, await runVitest(tier, root, first.crashed));
  });
}

async function runVitest(tier: Tier, root: string, paths: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "skopos-test-"));
  try {
    const file = join(folder, "report.json");
    const code = await run(
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
    return readReport(existsSync(file) ? readFileSync(file, "utf8") : undefined, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(name: string, work: () => Promise<Report>): Promise<Step> {
  console.error(`\n== ${name}`);
  const started = Date.now();
  const report = await work();
  return { name, report, seconds: (Date.now() - started) / 1000 };
}
