import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import type { Service } from "../../test/prom-client-service.ts";

const original = fileURLToPath(new URL("../../test/prom-client-service.ts", import.meta.url));
const changed = original.replace("prom-client-service", "changed-service");
const text = readFileSync(original, "utf8").replace('from "prom-client"', 'from "../src/compat/index.ts"');

/** What the compiler says of the service, with prom-client's import or ours. */
function problems(file: string): string[] {
  const root = fileURLToPath(new URL("../../../tsconfig.json", import.meta.url));
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(root, ts.sys.readFile).config, ts.sys, ".");
  const host = ts.createCompilerHost({ ...options, types: ["node"] });
  const read = host.readFile.bind(host);
  const exists = host.fileExists.bind(host);
  host.readFile = (name) => (name === changed ? text : read(name));
  host.fileExists = (name) => name === changed || exists(name);
  const program = ts.createProgram([file], { ...options, types: ["node"] }, host);
  const source = program.getSourceFile(file)!;
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"),
  );
}

describe("a service written for prom-client", () => {
  it("compiles with only its import changed", () => {
    expect(problems(original)).toEqual([]);
    expect(problems(changed)).toEqual([]);
    expect(text).not.toContain('"prom-client"');
  });

  it("exposes the same", async () => {
    const ours = `data:text/javascript,${encodeURIComponent(
      ts
        .transpile(text, { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext })
        .replaceAll("../src/compat/index.ts", new URL("./index.ts", import.meta.url).href),
    )}`;
    const run = async (module: { Service: new () => Service; others: () => unknown[] }) => {
      const service = new module.Service();
      service.handle();
      module.others();
      // The time that passed is no two runs' same.
      return [(await service.metrics()).replace(/(method="POST".* )[\d.e-]+/g, "$1-"), await service.names()];
    };
    const [text1, names1] = await run(await import(/* @vite-ignore */ ours));
    const [text2, names2] = await run(await import("../../test/prom-client-service.ts"));
    expect(text1).toBe(text2);
    expect(names1).toEqual(names2);
  });
});
