import { resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { dashboardJson } from "../../lib/monitoring/dashboard-json.ts";
import { environments } from "./variants.ts";

/** What the compiler says about values that are written out as constants of a type, field by field. */
function complaints(values: readonly unknown[]): string[] {
  const file = resolve("dashboards.virtual.ts");
  const text = [
    'import type { DashboardJson } from "./lib/monitoring/grafana.ts";',
    ...values.map((value, index) => `export const d${index}: DashboardJson = ${JSON.stringify(value)};`),
  ].join("\n");
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, rest[0]) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const found = program.getSemanticDiagnostics(program.getSourceFile(file));
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

const prod = environments.find(({ name }) => name.startsWith("prod"))?.render();
const rendered =
  prod?.charts.flatMap((chart) => chart.dashboards.map((each) => dashboardJson(each, chart.runbooks))) ?? [];

test("every dashboard's JSON is what the foundation SDK's types describe, and nothing else", () => {
  expect(rendered.length).toBeGreaterThan(5);
  expect(complaints(rendered)).toEqual([]);
});

test("the compiler would notice: a wrong type, a wrong enum value, an unknown field", () => {
  const [first] = rendered;
  expect(complaints([{ ...first, schemaVersion: "42" }])).toHaveLength(1);
  expect(complaints([{ ...first, links: [{ ...first?.links?.[0], type: "elsewhere" }] }])).toHaveLength(1);
  expect(complaints([{ ...first, colour: "red" }])).toHaveLength(1);
});
