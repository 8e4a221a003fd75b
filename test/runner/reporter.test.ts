import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { noReason, type Report, reportVariable } from "./report.ts";

const scratch = mkdtempSync(join(tmpdir(), "skopos-reporter-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs vitest itself on test files and returns what our reporter wrote. */
function reportOf(files: Readonly<Record<string, string>>, folder = scratch): Report {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const root = join(import.meta.dirname, "../..");
  const report = join(folder, "report.json");
  spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--globals",
      `--root=${folder}`,
      `--reporter=${join(import.meta.dirname, "reporter.ts")}`,
    ],
    { cwd: folder, env: { ...process.env, [reportVariable]: report } },
  );
  return JSON.parse(readFileSync(report, "utf8")) as Report;
}

test("counts passes, failures in and outside of tests, and skips with their reasons", () => {
  const report = reportOf({
    "results.test.ts": `
      test("good", () => {});
      describe("suite", () => {
        test("bad", () => { throw new Error("1 is not 2"); });
      });
      test("absent", (context) => context.skip("alloy is not on PATH"));
      test.skip("silent", () => {});
    `,
    "hook.test.ts": `beforeAll(() => { throw new Error("no cluster"); }); test("after a failed hook", () => {});`,
    "broken.test.ts": `throw new Error("does not load");`,
    "stray.test.ts": `test("stray", () => { setTimeout(() => { throw new Error("nobody waits"); }); });
      test("slow", () => new Promise((resolve) => setTimeout(resolve, 50)));`,
  });
  expect(report.passed).toBe(3);
  expect(report.failures.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    { name: "broken.test.ts", message: "does not load" },
    { name: "hook.test.ts", message: "no cluster" },
    { name: "outside of any test", message: "nobody waits" },
    { name: "results.test.ts > suite > bad", message: "1 is not 2" },
  ]);
  expect(report.skips.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
    { name: "hook.test.ts > after a failed hook", reason: noReason },
    { name: "results.test.ts > absent", reason: "alloy is not on PATH" },
    { name: "results.test.ts > silent", reason: noReason },
  ]);
});

test("names a file in whose process Node.js crashed, and does not count its tests", () => {
  const crashing = mkdtempSync(join(tmpdir(), "skopos-crash-"));
  try {
    const report = reportOf(
      {
        "crash.test.ts": `test("first", () => {}); test("last", async () => {
          process.kill(process.pid, "SIGTRAP");
          await new Promise((resolve) => setTimeout(resolve, 5_000));
        });`,
        "calm.test.ts": `test("good", () => {});`,
      },
      crashing,
    );
    expect(report).toEqual({ passed: 1, failures: [], skips: [], crashed: ["crash.test.ts"] });
  } finally {
    rmSync(crashing, { recursive: true });
  }
});
