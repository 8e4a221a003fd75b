import { describe, expect, test } from "vitest";
import { readReport, totals, withSecondRun } from "./report.ts";

const green = { passed: 3, failures: [], skips: [] };

describe("a report", () => {
  test("contains what the reporter wrote", () => {
    expect(readReport(JSON.stringify(green), 0)).toEqual(green);
  });

  test("is a failure if it is missing", () => {
    expect(readReport(undefined, null).failures).toEqual([
      { name: "vitest", message: "exited with null and wrote no report" },
    ]);
  });

  test("contains a failure if the runner failed", () => {
    const { passed, failures } = readReport(JSON.stringify(green), 1);
    expect(passed).toBe(3);
    expect(failures).toEqual([{ name: "vitest", message: "exited with 1 although no test failed" }]);
  });

  test("keeps its own failures", () => {
    const red = { ...green, failures: [{ name: "a", message: "b" }] };
    expect(readReport(JSON.stringify(red), 1)).toEqual(red);
  });
});

test("adds up the totals of all reports", () => {
  const failing = { passed: 1, failures: [{ name: "a", message: "" }], skips: [{ name: "b", reason: "no alloy" }] };
  expect(totals([green, failing])).toBe("4 passed, 1 failed, 1 skipped");
  expect(totals([])).toBe("0 passed, 0 failed, 0 skipped");
});

test("counts a crashed file by its second run, and reports a second crash as a failure", () => {
  const first = { passed: 2, failures: [], skips: [], crashed: ["a.test.ts"] };
  const second = { passed: 1, failures: [], skips: [] };
  expect(withSecondRun(first, second)).toEqual({ passed: 3, failures: [], skips: [] });
  expect(withSecondRun(first, { ...second, passed: 0, crashed: ["a.test.ts"] }).failures).toEqual([
    { name: "a.test.ts", message: "Node.js crashed twice in this file" },
  ]);
});
