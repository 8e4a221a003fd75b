import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { apiReport, apiReportPath, surfaces } from "./report.ts";

const all = surfaces();

test("the API report is what `npm run generate` writes", () => {
  expect(readFileSync(apiReportPath, "utf8")).toBe(apiReport(all));
});

test.each(all)("$entry exports what `new Mimir({ workload: workloads.small, ... })` needs", ({ declarations }) => {
  for (const name of ["workloads", "retentionProfiles", "Workload", "Retention", "MimirProps", "InvalidPropsError"]) {
    expect(declarations.has(name), name).toBe(true);
  }
});

/** Types that shape others and that no program has to name. */
const unnamed = ["ChartClass", "Common", "Link", "ObjectModel", "Options", "ReceiverProps", "Row", "Settings"];
const alsoUnnamed = ["TableService", "TempoService", "Variable"];

test.each(all)("$entry exports every type that its declarations refer to", ({ forgotten }) => {
  expect(forgotten.filter((name) => !unnamed.includes(name) && !alsoUnnamed.includes(name))).toEqual([]);
});
