// Runs a TypeScript block of the documentation as a program, against the sources of the packages.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Block, root } from "./markdown.ts";
import { packages } from "./type-check.ts";

const sources = Object.fromEntries(
  Object.entries(packages).map(([name, [path = ""]]) => [name, pathToFileURL(join(root, path)).href]),
);

/** A module that resolves the names of our packages to their sources. */
const resolver = `import { registerHooks } from "node:module";
const sources = ${JSON.stringify(sources)};
registerHooks({ resolve: (name, context, next) => next(sources[name] ?? name, context) });`;

/** What a program prints. @throws Error with its errors when it fails */
export function runProgram({ page, line, text }: Block): string {
  const hooks = `data:text/javascript,${encodeURIComponent(resolver)}`;
  const options = ["--import", hooks, "--input-type=module-typescript", "--eval", text];
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${page}:${line}: ${stderr}`);
  return stdout;
}
