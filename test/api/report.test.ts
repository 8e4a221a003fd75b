import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { apiReport, apiReportPath, surfaces } from "./report.ts";

const all = surfaces();

test("the API report is what `npm run generate` writes", () => {
  expect(readFileSync(apiReportPath, "utf8")).toBe(apiReport(all));
});

/** The entry points of components; those of policies are tested as a consumer uses them. */
const ofComponents = all.filter(({ entry }) => !entry.startsWith("skopos/policies"));

test.each(ofComponents)(
  "$entry exports what `new Mimir({ workload: workloads.small, ... })` needs",
  ({ declarations }) => {
    for (const name of ["workloads", "retentionProfiles", "Workload", "Retention", "MimirProps", "InvalidPropsError"]) {
      expect(declarations.has(name), name).toBe(true);
    }
  },
);

test("skopos exports the type of the arguments of every component resource", () => {
  const { declarations } = all.find(({ entry }) => entry === "skopos") as (typeof all)[number];
  const components = [...declarations].filter(([, text]) =>
    /^class \w+ extends (SkoposComponent|pulumi\.Comp)/.test(text),
  );
  const names = components.map(([name]) => name).filter((name) => name !== "SkoposComponent");
  expect(names.length).toBeGreaterThan(8);
  for (const name of names)
    expect(declarations.get(`${name}Args`), name).toBe(`type ${name}Args = Inputs<${name}Props>;`);
});

test("the entry points that the page lists are those of package.json", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
    exports: Readonly<Record<string, unknown>>;
  };
  const published = Object.keys(exports).filter((path) => path !== "./package.json");
  expect(all.map(({ entry }) => entry.replace("skopos", ".")).sort()).toEqual(published.sort());
});

/** Types that shape others and that no program has to name. */
const unnamed = ["Common", "DashboardJson", "ObjectModel", "Options", "Part", "ReceiverProps", "Settings", "Shape"];

test.each(ofComponents)("$entry exports every type that its declarations refer to", ({ forgotten }) => {
  expect(forgotten.filter((name) => !unnamed.includes(name))).toEqual([]);
});
