// `npm run build [-w metrics]`: compiles TypeScript to dist/ (JavaScript and declarations). Needs no C toolchain.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalled, pinnedNode, root } from "./bootstrap.mjs";

ensureInstalled();
const project = join(root, process.argv[2] ?? ".");
rmSync(join(project, "dist"), { recursive: true, force: true });
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const done = spawnSync(pinnedNode(), [tsc, "-p", join(project, "tsconfig.build.json")], { stdio: "inherit" });
// Generated data is read at run time from the folder of the module that uses it.
for (const folder of ["components", "lib", "stacks"]) {
  if (!existsSync(join(project, folder))) continue;
  for (const file of readdirSync(join(project, folder), { recursive: true })) {
    if (String(file).endsWith(".generated.json")) {
      cpSync(join(project, folder, String(file)), join(project, "dist", folder, String(file)));
    }
  }
}
process.exit(done.status ?? 1);
